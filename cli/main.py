"""The `voice` command: turns the engine's errors into a sentence and an exit code, and Ctrl+C into a quiet end.

It imports next to nothing by itself: a Ctrl+C while the program loads must find `main` already running.
"""

from __future__ import annotations

import sys

_INTERRUPTED = 130
"""What shells return for a program that Ctrl+C ended."""


def main() -> None:
    """Run the command line; the entry point of `voice`."""
    try:
        _run()
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)


def _run() -> None:
    from cli.app import app  # noqa: PLC0415
    from cli.errors import exit_code, on_command_line  # noqa: PLC0415
    from cli.terminal.stdout import written_out  # noqa: PLC0415
    from engine.errors import VoiceError  # noqa: PLC0415

    try:
        with written_out():
            app()
    except VoiceError as error:
        print(f"voice: {on_command_line(error.message)}", file=sys.stderr)
        if error.fix:
            print(f"  {on_command_line(error.fix)}", file=sys.stderr)
        sys.exit(exit_code(error))


if __name__ == "__main__":
    main()
