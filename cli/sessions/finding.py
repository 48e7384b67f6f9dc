"""Finds kept conversations, and says what is wrong with one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.api.conversations import find_recording, kept_folder, kept_recordings
from engine.config import load_config
from engine.errors import InvalidInputError
from engine.files import write_private
from engine.realtime.recording.story import Story


def folder() -> Path:
    """Return the folder of those that are kept."""
    return kept_folder(load_config().recording.folder)


def path_of(name: str, *, or_events: bool = False) -> Path:
    """Return the path of a conversation that a person names; `or_events` allows a file of the events alone.

    Raises:
        InvalidInputError: there is none, or there are several.
    """
    try:
        return find_recording(name, folder())
    except InvalidInputError:
        if or_events and os.path.isfile(name):  # noqa: PTH113 - Path raises where a name is too long
            return Path(name)
        raise


def story_of(name: str) -> Story:
    """Return what is told of a conversation that a person names.

    Raises:
        InvalidInputError: there is none, there are several, or it cannot be read.
    """
    return Story(path_of(name))


def stories(tell_damage: Callable[[str], object]) -> Iterator[Story]:
    """Read all that can be read, the newest first."""
    for path in reversed(kept_recordings(folder())):
        try:
            yield Story(path)
        except InvalidInputError as error:
            tell_damage(f"Skipped: {error.message}")


def require_whole(story: Story) -> None:
    """Fail after the rest was shown, where lines are damaged.

    Raises:
        InvalidInputError: some are.
    """
    if story.damaged:
        lines = "1 line" if story.damaged == 1 else f"{story.damaged} lines"
        what = f"The recording {story.path} is damaged: {lines} of session.jsonl cannot be read."
        raise InvalidInputError(what, fix="The rest is whole.")


def sound_of(story: Story) -> Path:
    """Return the file of its sound.

    Raises:
        InvalidInputError: none was kept.
    """
    if story.sound is None:
        what = f"No sound was saved for {story.path.name}."
        raise InvalidInputError(what, fix='With `keep = "always"` under [recording] in the configuration it is.')
    return story.sound


def write(data: bytes, path: Path) -> None:
    """Write a file for the user alone.

    Raises:
        InvalidInputError: it cannot be written.
    """
    try:
        write_private(path, data)
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be written: {error.strerror}.", fix="Name another file.") from None
