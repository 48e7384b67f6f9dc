"""`voice run` as a person starts it: a process of its own, whose event lines the test follows."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

_PATIENCE_S = 150.0
"""The demonstration takes 30 s; pytest ends a test after 180 s, without a word of what came."""
VOICE = str(Path(sys.executable).with_name("voice"))


class VoiceProcess:
    """Runs `voice run --events -` with more arguments and collects its events.

    Example:
        >>> with VoiceProcess("--backend", "virtual", environment=environment) as voice:
        ...     voice.wait_for("session")
        ...     assert voice.interrupt() == 0
    """

    def __init__(
        self,
        *arguments: str,
        environment: dict[str, str],
        folder: Path | None = None,
        command: Sequence[str] = (VOICE,),
    ) -> None:
        """Start it; `command` runs another program that takes the arguments of `voice`."""
        self._process = subprocess.Popen(
            [*command, "run", "--events", "-", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=folder,
            text=True,
        )
        self.events: list[dict[str, Any]] = []
        self.shown = ""
        self._changed = threading.Condition()
        self._ended = False
        self._threads = [threading.Thread(target=target, daemon=True) for target in (self._read, self._read_screen)]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> VoiceProcess:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()
        self.join()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Every event of a type so far."""
        with self._changed:
            return [event for event in self.events if event["type"] == kind]

    def wait_for(self, kind: str, count: int = 1) -> dict[str, Any]:
        """Return the count-th event of a type once it is there."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or len(self._of(kind)) >= count, _PATIENCE_S)
            found = self._of(kind)
        assert len(found) >= count, f"no {kind} number {count}\n{self.shown}\n{self.events}"
        return found[count - 1]

    def wait(self) -> int:
        """Wait for the process to end by itself and return its exit code."""
        code = self._process.wait(_PATIENCE_S)
        self.join()
        return code

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> int:
        """Press Ctrl+C and return the exit code."""
        self._process.send_signal(number)
        return self.wait()

    def join(self) -> None:
        """Wait for the end of the process's output."""
        for thread in self._threads:
            thread.join(10)
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def _of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._changed:
                self.events.append(json.loads(line))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _read_screen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.shown += line
