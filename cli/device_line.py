"""What the person reads when a device of the conversation goes, is waited for, and is found."""

from __future__ import annotations

from engine.realtime.notices import AnswerDropped, DeviceFound, DeviceLost


def device_line(notice: DeviceLost | DeviceFound | AnswerDropped) -> str:
    """One line; "" for what is not worth one.

    Of the retries, the first is told, and then each time it has lasted twice as long: an hour without a device is no
    page of lines.
    """
    match notice:
        case DeviceLost(waiting_for, 0):
            return f"  (device lost: looking for {waiting_for})"
        case DeviceLost(waiting_for, attempt, reason):
            because = f": {reason}" if reason else ""
            worth_a_line = attempt & (attempt - 1) == 0
            return f"  (device lost: waiting for {waiting_for}, retrying ({attempt}){because})" if worth_a_line else ""
        case DeviceFound(source, target, away_ms, is_new_default):
            why = "following the new default" if is_new_default else f"sound is back after {away_ms / 1000:.1f} s"
            return f"  ({why}: microphone {source}, speaker {target})"
        case AnswerDropped(heard_ms, dropped_ms):
            dropped = f"{dropped_ms / 1000:.1f} s of the answer dropped after {heard_ms / 1000:.2f} s that were heard"
            return f"  (no speaker for too long: {dropped})"
