"""Folders that nobody but the user can change: machine code is loaded from one. Windows keeps a profile to its user."""

from __future__ import annotations

import functools
import os
import stat
import sys
from pathlib import Path

if sys.platform == "win32":

    def user_name() -> str:
        """Return what tells the users of this machine apart."""
        return os.environ.get("USERNAME", "user")

    def is_ours(_: Path) -> bool:
        """Take the system at its word."""
        return True

else:
    import grp
    import pwd

    def user_name() -> str:
        """Return what tells the users of this machine apart."""
        return str(os.getuid())

    @functools.cache
    def is_ours(folder: Path) -> bool:
        """Whether no other user can replace a folder or what lies in it."""
        try:
            return all(_is_safe(part.stat(), last=part == folder) for part in (folder, *folder.parents))
        except OSError:
            return False

    def _is_safe(status: os.stat_result, *, last: bool) -> bool:
        """Whether only the user and root can change a folder; in a sticky one, such as /tmp, nobody can rename ours."""
        owners = (os.getuid(),) if last else (os.getuid(), 0)
        if status.st_mode & stat.S_ISVTX and not last:
            return True
        others_may_write = status.st_mode & stat.S_IWOTH or (
            status.st_mode & stat.S_IWGRP and not _is_private_group(status.st_gid)
        )
        return status.st_uid in owners and not others_may_write

    def _is_private_group(group: int) -> bool:
        """Whether a group is the user's own: Fedora and Ubuntu give everybody one, to which their folders are open."""
        try:
            entry = grp.getgrgid(group)
            return entry.gr_name == pwd.getpwuid(os.getuid()).pw_name and not entry.gr_mem
        except KeyError:
            return False
