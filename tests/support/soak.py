"""A conversation in which every answer is interrupted, and something breaks every ten seconds.

Each answer is noise of its own: by the last of it that a recording holds is known how much of it sounded. Recordings
are read, and let go, whenever a fault ends the recorder.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import cycle

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from tests.support.hearing import UnlikeError, end_in
from tests.support.interruptions import noise
from tests.support.memory import resident_mb
from tests.support.scripted_server import Peer, ScriptedServer
from tests.support.soundcard import RATE_HZ, Recording, SoundCard
from tests.support.voice_process import VoiceProcess

if sys.platform == "win32":
    pytest.skip("these signals are no things of Windows", allow_module_level=True)

WIRE_HZ = 24000
FAULT_EVERY_S = 10.0
_DELTA_S = 0.4
_EARLIEST_S, _LATEST_S = 0.3, 2.4
_REST_S = 0.6
"""Silence behind a cut."""
_LATE_DELTA_S = 1.0
"""The rest of an answer comes so much later than its beginning, which is played by then."""
_LOUD = 1e-4
_TOLD_WITHIN_S = 5.0
_AFTERMATH_S = 4.0
"""After a fault, sound may come late: such answers are judged apart."""
_LATE_S = 0.45
"""Longest time from the news of a cut until its sound has ended in the recording."""


@dataclass(frozen=True)
class Cut:
    """A cut of an answer, as the server was told of it and as it sounded."""

    number: int
    began_s: float
    told_s: float
    told_ms: float
    sounded_ms: float | None = None
    """None where no recording can tell."""

    @property
    def error_ms(self) -> float:
        """How much too much was told."""
        return self.told_ms - (self.sounded_ms or 0.0)


@dataclass
class Figures:
    """What came of it."""

    faults: Counter[str] = field(default_factory=Counter)
    calm: list[Cut] = field(default_factory=list)
    """Cuts with no fault near."""
    disturbed: list[tuple[str, Cut]] = field(default_factory=list)
    """Cuts during or after a fault, which is named."""
    untold: Counter[str] = field(default_factory=Counter)
    """Interruptions of which nothing was told within 5 s, by the fault that was near."""
    memory_mb: list[float] = field(default_factory=list)
    """Before each fault."""
    lasted_s: float = 0.0
    microphone_s: float = 0.0
    """Sound of the microphone that the server was sent."""

    def wrong(self, within_ms: float) -> list[Cut]:
        """Cuts in calm whose position was told wrong."""
        return [cut for cut in self.calm if cut.sounded_ms is not None and abs(cut.error_ms) > within_ms]


class Soak:
    """One conversation on a card of its own."""

    def __init__(self, card: SoundCard, *, minutes: float, seed: int = 1) -> None:
        self.figures = Figures()
        self._card = card
        self._until_s = time.monotonic() + 60 * minutes
        self._dice = np.random.default_rng(seed)
        self._peer: Peer | None = None
        self._recordings = contextlib.ExitStack()
        self._recording: Recording | None = None
        self._number = 0
        self._cuts: list[Cut] = []
        self._unread: list[tuple[str, float, float]] = []
        """Faults: what, from when, until when."""
        self._over, self._came = asyncio.Event(), asyncio.Event()
        self._is_next_late = False
        self.voice: VoiceProcess

    async def run(self) -> VoiceProcess:
        """Hold the conversation; return the process, which was interrupted and has ended in order."""
        environment = {**self._card.environment, "OPENAI_API_KEY": "test"}
        async with ScriptedServer(self._serve) as server:
            arguments = ("--provider", "openai", "--url", server.url, "--echo", "off")
            with VoiceProcess(*arguments, environment=environment) as self.voice, self._recordings:
                await self._record()
                async with asyncio.timeout(60):
                    await self._came.wait()
                began_s = time.monotonic()
                await self._break_things()
                self.figures.lasted_s = time.monotonic() - began_s
                self._over.set()
                await asyncio.sleep(_TOLD_WITHIN_S)
                await self._read_recording()
                assert await asyncio.to_thread(self.voice.interrupt) == 0, self.voice.shown
        return self.voice

    async def _serve(self, peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.send("session.created", session={"id": f"session_{self._number}", "model": "soak"})
        self._peer = peer
        self._came.set()
        while not self._over.is_set():
            await self._turn(peer)
            await asyncio.sleep(_REST_S)

    async def _turn(self, peer: Peer) -> None:
        self._number += 1
        number, began_s = self._number, time.monotonic()
        response, item = f"resp_{number}", f"item_{number}"
        answer, step = self._answer(number), round(_DELTA_S * WIRE_HZ)
        await peer.begin_response(response)
        for at in range(0, answer.size, step):
            if self._is_next_late and at:
                self._is_next_late = False
                await asyncio.sleep(_LATE_DELTA_S)
            await peer.audio(response, item, answer[at : at + step].tobytes())
        await peer.end_audio(response, item)
        await peer.end_response(response)
        await asyncio.sleep(self._dice.uniform(_EARLIEST_S, _LATEST_S))
        await peer.send("input_audio_buffer.speech_started", item_id=f"user_{number}", audio_start_ms=0)
        try:
            async with asyncio.timeout(_TOLD_WITHIN_S):
                event = await peer.expect("conversation.item.truncate", "conversation.item.delete")
        except TimeoutError:
            self.figures.untold[self._fault_near(began_s, time.monotonic()) or "none"] += 1
        else:
            assert event["item_id"] == item, f"{event} instead of {item}"
            self._cuts.append(Cut(number, began_s, time.monotonic(), float(event.get("audio_end_ms", 0.0))))
        await peer.send("input_audio_buffer.speech_stopped", item_id=f"user_{number}", audio_end_ms=0)
        self.figures.microphone_s += peer.forget_audio() / 2 / WIRE_HZ

    def _answer(self, number: int) -> NDArray[np.int16]:
        return noise(WIRE_HZ, np.random.default_rng([7, number]))

    async def _break_things(self) -> None:
        faults: dict[str, Callable[[], Awaitable[None]]] = {
            "xrun": lambda: self._stop(self._card.server, 0.25),
            "sink removed": self._remove_sink,
            "socket cut": self._cut_socket,
            "server stopped for 2 s": lambda: self._stop(self._card.server, 2.0),
            "client stopped for 2 s": lambda: self._stop(self.voice.pid, 2.0),
            "server killed": self._kill_server,
            "delta late": self._be_late,
            "server stopped for 8 s": lambda: self._stop(self._card.server, 8.0),
        }
        for name, fault in cycle(faults.items()):
            next_s = time.monotonic() + FAULT_EVERY_S
            if next_s > self._until_s:
                return
            self.figures.memory_mb.append(resident_mb(self.voice.pid))
            await asyncio.sleep(next_s - time.monotonic())
            began_s = time.monotonic()
            self._unread.append((name, began_s, np.inf))
            await fault()
            self._unread[-1] = (name, began_s, time.monotonic())
            self.figures.faults[name] += 1

    async def _stop(self, process: int, seconds: float) -> None:
        os.kill(process, signal.SIGSTOP)
        await asyncio.sleep(seconds)
        os.kill(process, signal.SIGCONT)

    async def _be_late(self) -> None:
        self._is_next_late = True

    async def _cut_socket(self) -> None:
        assert self._peer is not None
        with contextlib.suppress(OSError):
            self._peer.socket.get_extra_info("socket").shutdown(socket.SHUT_RDWR)

    async def _remove_sink(self) -> None:
        await self._read_recording()
        await asyncio.to_thread(self._card.remove_sink, "vspk")
        await asyncio.sleep(1.0)
        await asyncio.to_thread(self._card.add_sink, "vspk")
        await asyncio.to_thread(self._card.pactl, "set-default-sink", "vspk")
        await self._record()

    async def _kill_server(self) -> None:
        await self._read_recording()
        os.kill(self._card.server, signal.SIGKILL)
        await asyncio.to_thread(self._card.end_server)
        await asyncio.sleep(1.0)
        await asyncio.to_thread(self._card.start)
        await self._record()

    async def _record(self) -> None:
        self._recording = await asyncio.to_thread(self._recordings.enter_context, self._card.record_speaker())

    async def _read_recording(self) -> None:
        """Judge the cuts so far by the recording, and end it."""
        recording, self._recording = self._recording, None
        if recording is not None:
            samples, began_s = recording.samples(), recording.began_at_s
            await asyncio.to_thread(self._recordings.close)
            await asyncio.to_thread(self._judge, samples, began_s)

    def _judge(self, heard: NDArray[np.float32], began_s: float) -> None:
        cuts, self._cuts = self._cuts, []
        for cut in cuts:
            sounded_ms = self._sounded_ms(cut, heard, began_s)
            judged = Cut(cut.number, cut.began_s, cut.told_s, cut.told_ms, sounded_ms)
            near = self._fault_near(cut.began_s, cut.told_s + _LATE_S)
            if near:
                self.figures.disturbed.append((near, judged))
            else:
                self.figures.calm.append(judged)

    def _sounded_ms(self, cut: Cut, heard: NDArray[np.float32], began_s: float) -> float | None:
        """How much of an answer sounded, read from where it ends."""
        begin, end = (round((at_s - began_s) * RATE_HZ) for at_s in (cut.began_s, cut.told_s + _LATE_S))
        if begin < 0 or end > heard.size:
            return None
        loud = np.flatnonzero(np.abs(heard[begin:end]) > _LOUD)
        if not loud.size:
            return 0.0
        reference = soxr.resample(self._answer(cut.number).astype(np.float32) / 32768, WIRE_HZ, RATE_HZ, "VHQ")
        try:
            return 1000 * end_in(reference, heard[begin : begin + int(loud[-1]) + 1], RATE_HZ) / RATE_HZ
        except UnlikeError:
            return None

    def _fault_near(self, began_s: float, ended_s: float) -> str:
        for name, from_s, until_s in self._unread:
            if from_s <= ended_s and until_s + _AFTERMATH_S >= began_s:
                return name
        return ""
