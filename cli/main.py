"""The `voice` command: turns the engine's errors into a sentence and an exit code, and Ctrl+C into a quiet end.

It imports next to nothing by itself: a Ctrl+C while the program loads must find `main` already running.
"""

from __future__ import annotations

import sys

from cli.terminal.interrupts import EXIT_CODE, INTERRUPTS


def main() -> None:
    """Run the command line; the entry point of `voice`."""
    INTERRUPTS.install()
    try:
        _run()
    except SystemExit:
        raise
    except BaseException:
        # Whatever a library has made of the interruption: nobody wants to read it.
        if not INTERRUPTS.count:
            raise
        sys.exit(EXIT_CODE)
    finally:
        INTERRUPTS.release()


def _run() -> None:
    from cli.app import app  # noqa: PLC0415
    from cli.errors import exit_code, on_command_line  # noqa: PLC0415
    from cli.language.choice import speak_as_wanted  # noqa: PLC0415
    from cli.platforms import write_utf8_to_pipes  # noqa: PLC0415
    from cli.terminal.stdout import written_out  # noqa: PLC0415
    from engine.errors import VoiceError  # noqa: PLC0415

    write_utf8_to_pipes()
    try:
        speak_as_wanted()
        with written_out():
            app()
    except VoiceError as error:
        from cli.language.spoken import translated  # noqa: PLC0415
        from cli.terminal.sanitize import printable  # noqa: PLC0415
        from cli.terminal.wrapping import wrapped  # noqa: PLC0415

        lines = [f"voice: {printable(translated(on_command_line(error.message)))}"]
        if error.fix:
            lines.append(f"  {printable(translated(on_command_line(error.fix)))}")
        for line in lines:
            print(wrapped(line, 2, sys.stderr), file=sys.stderr)
        sys.exit(exit_code(error))


if __name__ == "__main__":
    main()
