"""News of the audio devices as session events for the person."""

from __future__ import annotations

from engine.audio.recovery.policy import Found, Lost, News
from engine.realtime.session_events import DeviceFound, DeviceLost


def session_event_of(news: News) -> DeviceLost | DeviceFound:
    """Return the session event.

    Example:
        >>> session_event_of(Lost("the speaker 'usb'", 2, "no such device"))
        DeviceLost(waiting_for="the speaker 'usb'", attempt=2, reason='no such device')
    """
    match news:
        case Lost(waiting_for, attempt, reason):
            return DeviceLost(waiting_for, attempt, reason)
        case Found(info, away_s, is_new_default):
            source, target = (side.device if side else "" for side in (info.input, info.output))
            return DeviceFound(source, target, round(1000 * away_s), is_new_default)
