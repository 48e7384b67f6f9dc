"""The application that `voice` runs: its own options, and its commands, each loaded only when it is called."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from importlib import import_module
from itertools import takewhile
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from cli.help import say_help
from cli.language.spoken import echo, word
from cli.options import LanguageOption, ProfileOption
from cli.terminal.interrupts import INTERRUPTS

COMMANDS = {
    "run": "Talk with an agent. Ctrl+C ends the conversation.",
    "devices": "List the microphones and speakers, or look closer at them.",
    "doctor": "Check what works on this machine, what does not, and how to fix it.",
    "backends": "List the audio backends, and say why one does not work.",
    "providers": "List the services, and what each one still needs.",
    "setup": "Set up the language, the service and its key, the devices and what is saved.",
    "config": "Show and change the configuration.",
    "tools": "List the tools that an agent can be given, or call one.",
    "sessions": "List the saved conversations, or look at one.",
    "replay": "Re-run a recorded conversation and check that nothing has changed.",
    "serve": "Serve an offline agent, or a script, to programs on this machine.",
    "bench": "Measure the engine on this machine, and compare it with alternatives.",
    "warmup": "Compile the audio kernels now rather than at the first start.",
}
"""The first paragraph of each command's help, by name; the command is `app` of `cli.commands.NAME`."""

_WITH_SOUND = ("run", "devices", "doctor", "backends", "bench")
"""Commands that load sound libraries, which print on the terminal."""

_UsageError: Any = typer.BadParameter.__mro__[1]
"""Click's, which newer versions of Typer carry in themselves."""
_REASONS = {
    "float_parsing": "{input!r} is not a number.",
    "int_parsing": "{input!r} is not a whole number.",
    "less_than_equal": "{input} is not {le:g} or less.",
    "greater_than_equal": "{input} is not {ge:g} or more.",
    "value_error": "{error}",
}
"""Sentences for what pydantic, which such versions read values with, says in words for programmers."""


@contextlib.contextmanager
def _plainly() -> Iterator[None]:
    """Raise what is wrong with the words of a command line as an error of ours; where there are none, help is shown."""
    try:
        yield
    except _UsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # Typer takes it for printed: its own help would be
            typer.echo(error.format_message())
            raise typer.Exit(error.exit_code) from None
        from engine.errors import InvalidInputError  # noqa: PLC0415 - as little as possible, where nothing is wrong

        found: list[dict[str, Any]] = getattr(error.__cause__, "errors", list)()
        if found:
            known = _REASONS.get(found[0]["type"], "{msg}")
            error.message = known.format(**{**found[0], **found[0].get("ctx", {})})
        # Where an option lacks its value the words before it name the command: the error knows none.
        typed = " ".join(["voice", *takewhile(lambda word: not word.startswith("-"), sys.argv[1:])])
        command = error.ctx.command_path if error.ctx else typed
        raise InvalidInputError(error.format_message(), fix=f"See `{command} --help`.") from error


class LazyGroup(TyperGroup):
    """Lists the commands by their summaries, and loads the one that is called with all of its options."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands.update({name: TyperCommand(name, help=summary) for name, summary in COMMANDS.items()})

    def make_context(self, *args: Any, **settings: Any) -> Any:
        """Read the words before the command."""
        say_help(self)
        with _plainly():
            return super().make_context(*args, **settings)

    def invoke(self, ctx: Any) -> Any:
        """Read the words of the command, and call it."""
        try:
            with _plainly():
                return super().invoke(ctx)
        except typer.Abort as left:  # what Typer says of it is English
            echo(word("Aborted."), err=True)
            raise typer.Exit(INTERRUPTS.exit_code(left)) from None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the name of the command that is called, the command, and the arguments for it."""
        name, command, rest = super().resolve_command(ctx, args)
        if name in _WITH_SOUND:
            from engine.audio.device.native_stderr import keep_standard_error, silence_native_stderr  # noqa: PLC0415

            keep_standard_error()
            silence_native_stderr()
        return name, load_command(name) if name in COMMANDS else command, rest


def load_command(name: str) -> Any:
    """Import a command and return it, ready to be called."""
    from cli.terminal.logs import log_one_line_each  # noqa: PLC0415 - what lists the commands logs nothing

    log_one_line_each()
    command = typer.main.get_command(import_module(f"cli.commands.{name}").app)
    say_help(command)
    return command


app = typer.Typer(
    name="voice",
    cls=LazyGroup,
    help="Talk with an agent, choose audio devices, measure latency.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version as installed_version  # noqa: PLC0415 - a tenth of the start-up

        typer.echo(f"voice {installed_version('voice-realtime')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    profile: ProfileOption = None,
    lang: LanguageOption = None,
) -> None:
    """Talk with an agent, choose audio devices, measure latency."""
