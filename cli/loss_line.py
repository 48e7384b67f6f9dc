"""What the person reads when a device or the connection goes, is waited for, and is back."""

from __future__ import annotations

from engine.realtime.notices import AnswerDropped, DeviceFound, DeviceLost, Reconnected, Reconnecting


def loss_line(notice: Reconnecting | Reconnected | DeviceLost | DeviceFound | AnswerDropped) -> str:
    """One line; "" for what is not worth one."""
    match notice:
        case Reconnecting() | Reconnected():
            return _connection_line(notice)
        case _:
            return _device_line(notice)


def _device_line(notice: DeviceLost | DeviceFound | AnswerDropped) -> str:
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


def _connection_line(notice: Reconnecting | Reconnected) -> str:
    """Nobody notices a connection that was changed in time: it is not worth a line."""
    match notice:
        case Reconnecting(attempt, of, reason, wait_ms):
            when = f" in {wait_ms / 1000:.1f} s" if wait_ms else ""
            return f"  (connection lost: reconnecting ({attempt}/{of}){when}: {reason})"
        case Reconnected(planned=True):
            return ""
        case Reconnected(away_ms, dropped_audio_ms):
            dropped = f"; {dropped_audio_ms / 1000:.1f} s of what you said is lost" if dropped_audio_ms else ""
            return f"  (the connection is back after {away_ms / 1000:.1f} s{dropped})"
