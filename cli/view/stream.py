"""What a stream was opened with, in lines for the person."""

from __future__ import annotations

from engine.audio.types import StreamInfo, StreamSide


def describe_stream(info: StreamInfo) -> list[str]:
    """The microphone, the speaker, and what there is to say about either."""
    lines = [f"{name}: {_side(side)}." for name, side in (("Microphone", info.input), ("Speaker", info.output)) if side]
    if not info.native:
        lines.append("Degraded: Python runs on the audio thread of this backend.")
    return [*lines, *(f"Note: {note}" for note in info.notes)]


def _side(side: StreamSide) -> str:
    api = f" ({side.host_api})" if side.host_api else ""
    channels = "1 channel" if side.channels == 1 else f"{side.channels} channels"
    return f"{side.device}{api}, {side.rate_hz} Hz, {channels}, latency {side.latency_ms:.0f} ms"
