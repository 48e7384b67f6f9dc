"""Holds a real session with the scripted service, and collects when what happened: nothing in it is simulated."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.report.machine import peak_memory_mb
from benchmarks.rigs.scripted_service import ANSWER_MS
from benchmarks.rigs.service_process import ScriptedService
from engine.audio.device.protocol import Backend
from engine.audio.device.registry import open_backend
from engine.audio.session_audio import SessionAudio
from engine.audio.types import StreamInfo, StreamRequest
from engine.config import Config
from engine.config_tables import Offer
from engine.realtime.providers.choose import CUSTOM, choose_provider
from engine.realtime.providers.session_update import SessionSettings
from engine.realtime.session import RealtimeSession
from engine.realtime.session_events import BargeIn, SessionEvent, SessionStarted, Summary
from engine.realtime.sound.latency import Durations
from engine.realtime.tools.host.host import ToolHost
from engine.realtime.tools.host.wire import Order
from engine.realtime.tools.runner import ToolRunner
from engine.redaction import Scrubber

_WARM_UP_S = 0.2
"""After the start: the first blocks come in a burst, and imports that were put off happen."""
_QUIET_SHARE, _QUIET_MOST_S = 0.25, 9.0
_LEAST_IDLE_S = 0.4
_LATEST_NS = ANSWER_MS * 1_000_000
"""Latest reply to a server's event, the end of the answer; anything later belongs to another event."""


@dataclass(slots=True)
class SessionFigures:
    """Figures of one session; all lists in milliseconds, one entry for each block or turn."""

    capture_to_wire: list[float] = field(default_factory=list)
    """A microphone block's last frame to the return of the socket's send."""
    wire_to_ring: list[float] = field(default_factory=list)
    """The server's send of an answer to its last frame in the playback ring."""
    barge_in_to_silence: list[float] = field(default_factory=list)
    """The server's send of speech_started to the end of the fade in the callback."""
    turn: list[float] = field(default_factory=list)
    """The end of speech to the first sound of the answer, the output latency as the device reports it included."""
    turns: int = 0
    idle_cpu_percent: float | None = None
    """Share of one core while the microphone is sent and nobody speaks; None where there was no time for it."""
    cpu_percent: float | None = None
    """Share of one core while turns are held; None where that was interrupted."""
    memory_mb: float | None = None
    """The process's, at the end; None where the system does not say."""
    info: StreamInfo | None = None


class _Moments(Durations):
    """Durations that also keep when each ended, on the clock of `time.monotonic_ns`."""

    def __init__(self) -> None:
        super().__init__()
        self.ends_ns: list[int] = []

    def add(self, duration_ms: float) -> None:
        """Take one measurement, now."""
        self.ends_ns.append(time.monotonic_ns())
        super().add(duration_ms)


def run_session(
    seconds: float, figures: SessionFigures, devices: StreamRequest, backend_name: str = "auto", *, busy: bool = False
) -> None:
    """Hold turns for about `seconds`, on the first backend that has devices, else the virtual one.

    Args:
        seconds: The quiet time at the beginning included.
        figures: Filled on every way out, Ctrl+C among them.
        devices: Names of the microphone and the speaker.
        backend_name: As `voice backends` lists them.
        busy: Whether a tool keeps its interpreter busy meanwhile, in the tool host.

    Raises:
        VoiceError: the devices or the server fail.
    """
    backend = open_backend(backend_name).backend
    try:
        hold = _hold_beside_tool if busy else _hold
        asyncio.run(hold(seconds, backend, figures, devices))
    finally:
        backend.close()


async def _hold_beside_tool(seconds: float, backend: Backend, figures: SessionFigures, devices: StreamRequest) -> None:
    order = Order(("benchmarks.rigs.loads:keep_busy",), tuple(sys.path), nice=Offer().nice)
    async with ToolHost(order, lambda _: None, Scrubber(())) as host:
        (tool,) = await host.tools()
        running = asyncio.create_task(tool.function())
        try:
            await _hold(seconds, backend, figures, devices)
        finally:
            running.cancel()


async def _hold(seconds: float, backend: Backend, figures: SessionFigures, devices: StreamRequest) -> None:
    quiet_s = min(_QUIET_MOST_S, _QUIET_SHARE * seconds)
    async with ScriptedService(_WARM_UP_S + quiet_s) as service:
        chosen = choose_provider(CUSTOM.name, service.url, {}, Config())
        provider = chosen.provider
        audio = SessionAudio(
            backend, devices, input_rate_hz=provider.input_rate_hz, output_rate_hz=provider.output_rate_hz
        )
        figures.info = audio.info
        started, silent_at_ns = asyncio.Event(), list[int]()

        def observe(event: SessionEvent, _: float) -> None:
            if isinstance(event, SessionStarted):
                started.set()
            elif isinstance(event, BargeIn):
                silent_at_ns.append(audio.port.cuts()[-1].at_ns)
            elif isinstance(event, Summary):
                figures.turns = event.turns

        session = RealtimeSession(chosen, audio, ToolRunner([]), SessionSettings(), observers=[observe])
        written = session.latency.wire_to_ring = _Moments()
        running = asyncio.create_task(session.run())
        try:
            await asyncio.wait({running, waiting := asyncio.create_task(started.wait())}, return_when="FIRST_COMPLETED")
            waiting.cancel()
            if not running.done():
                await asyncio.sleep(_WARM_UP_S)
                if quiet_s >= _LEAST_IDLE_S:
                    figures.idle_cpu_percent = await _cpu_percent(quiet_s)
                figures.cpu_percent = await _cpu_percent(seconds - quiet_s)
        finally:
            session.stop()
            await asyncio.wait({running})
            sent_ns = await service.finish()
            figures.memory_mb = peak_memory_mb()
            figures.capture_to_wire = session.latency.capture_to_wire.samples_ms
            figures.turn = session.latency.turn.samples_ms
            figures.wire_to_ring = since(sent_ns.get("delta", []), written.ends_ns)
            figures.barge_in_to_silence = since(sent_ns.get("speech_started", []), silent_at_ns)
        running.result()


def since(causes_ns: Sequence[int], effects_ns: Sequence[int]) -> list[float]:
    """Milliseconds from the last cause before each effect; effects without a cause near are left out.

    Args:
        causes_ns: Rising.
        effects_ns: In any order.

    Example:
        >>> since([0, 50_000_000], [2_000_000, 51_000_000])
        [2.0, 1.0]
    """
    found = []
    for effect_ns in effects_ns:
        before = bisect_right(causes_ns, effect_ns) - 1
        if before >= 0 and effect_ns - causes_ns[before] <= _LATEST_NS:
            found.append((effect_ns - causes_ns[before]) / 1e6)
    return found


async def _cpu_percent(seconds: float) -> float:
    """Percent of one core that all threads of this process, and those it started and ended, use in the next seconds."""
    began_s, cpu_s = time.monotonic(), _cpu_s()
    await asyncio.sleep(seconds)
    return 100 * (_cpu_s() - cpu_s) / (time.monotonic() - began_s)


def _cpu_s() -> float:
    ended = os.times()
    return time.process_time() + ended.children_user + ended.children_system
