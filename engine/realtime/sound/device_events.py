"""Session events about the audio devices: frames that were lost, and devices that are lost and found."""

from __future__ import annotations

from engine.audio.port.stats import StreamStats
from engine.audio.recovery.policy import Found, Lost, News
from engine.realtime.session_events import DeviceFound, DeviceLost, Xrun


class XrunWatch:
    """Compares snapshots of one port."""

    def __init__(self) -> None:
        self._last: StreamStats | None = None
        self.total = 0
        """Xruns so far: answers that ran dry, overflows of the microphone's ring, and those the host reported."""

    def compare(self, stats: StreamStats) -> list[Xrun]:
        """Return a session event for each side that lost frames since the last call."""
        last, self._last = self._last, stats
        if last is None:
            return []
        input_xruns = stats.input_xruns - last.input_xruns
        overflow_frames = stats.input_overflow_frames - last.input_overflow_frames
        output_xruns = stats.output_xruns - last.output_xruns + stats.output_underruns - last.output_underruns
        underrun_frames = stats.output_underrun_frames - last.output_underrun_frames
        session_events = []
        if input_xruns or overflow_frames:
            session_events.append(Xrun("input", overflow_frames, stats.input_overflow_frames))
        if output_xruns or underrun_frames:
            session_events.append(Xrun("output", underrun_frames, stats.output_underrun_frames))
        self.total += input_xruns + output_xruns + bool(overflow_frames)
        return session_events


def session_event_of(news: News) -> DeviceLost | DeviceFound:
    """Return the session event.

    Example:
        >>> session_event_of(Lost("the speaker 'usb'", 2, "no such device"))
        DeviceLost(waiting_for="the speaker 'usb'", attempt=2, reason='no such device')
    """
    match news:
        case Lost(waiting_for, attempt, reason):
            return DeviceLost(waiting_for, attempt, reason)
        case Found(info, away_s, is_new_default, is_chosen):
            source, target = (side.device if side else "" for side in (info.input, info.output))
            return DeviceFound(source, target, round(1000 * away_s), is_new_default, is_chosen)
