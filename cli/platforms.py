"""Differences between systems on the command line, each with its reason. The keyboard has a module of its own."""

from __future__ import annotations

import errno
import io
import os
import shlex
import stat
import sys
from collections.abc import Callable
from pathlib import Path

EDITOR = "notepad" if sys.platform == "win32" else "vi"
"""It is there, also where neither VISUAL nor EDITOR names one."""
PRIORITY_FIX = (
    "Start the service `Multimedia Class Scheduler`."
    if sys.platform == "win32"
    else "Add your user to the group `audio`, or set rtprio in /etc/security/limits.d, and log in again."
)
_VIRTUAL_TERMINAL = 4  # ENABLE_VIRTUAL_TERMINAL_PROCESSING


def takes_escape_sequences(fileno: Callable[[], int]) -> bool:
    """Whether a terminal does as it is told; a console of Windows must be asked to, and one of before 2016 does not.

    It is left so: shells set the mode of their console anew for each prompt.

    Args:
        fileno: Gives the terminal's descriptor, which only Windows asks for.
    """
    if sys.platform == "win32":
        import ctypes  # noqa: PLC0415 - of Windows, as used here
        import msvcrt  # noqa: PLC0415

        console, mode = ctypes.c_void_p(msvcrt.get_osfhandle(fileno())), ctypes.c_uint32()
        kernel32 = ctypes.windll.kernel32
        is_console = kernel32.GetConsoleMode(console, ctypes.byref(mode))  # the device NUL claims to be one too
        return bool(is_console and kernel32.SetConsoleMode(console, mode.value | _VIRTUAL_TERMINAL))
    return True


def words_of(command: str) -> list[str]:
    """Return the words of a command in a variable, such as EDITOR; the backslashes of Windows quote nothing."""
    if sys.platform == "win32":
        return [word.strip('"') for word in shlex.split(command, posix=False)]
    return shlex.split(command)


def others_can_read(path: Path) -> bool:
    """Whether the file's mode lets other users read it; a mode says nothing on Windows."""
    return sys.platform != "win32" and bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))


def is_in_front(terminal: int) -> bool:
    """Whether what is typed comes to us: on Unix it may go to another group of processes in front of ours."""
    return sys.platform == "win32" or os.tcgetpgrp(terminal) == os.getpgrp()


def write_utf8_to_pipes() -> None:
    """Write UTF-8 to what is no terminal, as Python does everywhere from 3.15 on.

    Before, on Windows, it takes a code page that lacks most of the world's letters. PYTHONIOENCODING stands.
    """
    if sys.platform == "win32" and not os.environ.get("PYTHONIOENCODING"):
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper) and not stream.isatty():
                stream.reconfigure(encoding="utf-8", errors=stream.errors)


def piped_text(data: bytes) -> str:
    """Return what another program has written for us: UTF-8, or what Windows' own programs write in place of it."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("oem" if sys.platform == "win32" else "utf-8", "replace")


def reader_left(error: OSError) -> bool:
    """Whether writing failed because nobody reads the pipe any more, which Windows calls an invalid argument."""
    return isinstance(error, BrokenPipeError) or (
        sys.platform == "win32" and error.errno == errno.EINVAL and not error.filename
    )


def priority_limit() -> str:
    """Return the real-time priority that the limits of this login allow, on Linux."""
    if sys.platform != "linux":
        return ""
    import resource  # noqa: PLC0415 - Unix only

    limit = resource.getrlimit(resource.RLIMIT_RTPRIO)[0]
    return f" (RLIMIT_RTPRIO {'unlimited' if limit == resource.RLIM_INFINITY else limit})"
