"""Choice of the processors between a session's microphone and the wire."""

from __future__ import annotations

from collections.abc import Sequence

from engine.audio.processing.protocol import Processor
from engine.audio.processing.webrtc import WebRtc
from engine.audio.types import StreamInfo


def processors_for(info: StreamInfo) -> Sequence[Processor]:
    """Return what a pair of devices needs: echo cancellation where the microphone could hear the speaker."""
    sides = (info.input, info.output)
    return [WebRtc()] if all(side is not None and side.host_api for side in sides) else []
