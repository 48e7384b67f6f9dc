"""Audio that a scripted server has sent of each item, and whether a truncation stays within it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

_DELTA = "response.output_audio.delta"
_TRUNCATE = "conversation.item.truncate"


class SentAudio:
    """Counts PCM16 by item and content index.

    Example:
        >>> sent = SentAudio(24000)
        >>> sent.note("response.output_audio.delta", {"item_id": "item_1", "content_index": 0, "delta": "AAAA" * 1600})
        >>> place = {"item_id": "item_1", "content_index": 0}
        >>> sent.mistake_of({"type": "conversation.item.truncate", **place, "audio_end_ms": 101})
        'It truncates item_1 at 101 ms, but only 100 ms of it were sent.'
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._bytes: Counter[tuple[str, int]] = Counter()

    def note(self, kind: str, fields: Mapping[str, Any]) -> None:
        """Count an event that is sent."""
        if kind == _DELTA:
            coded = str(fields.get("delta", ""))
            place = (str(fields.get("item_id")), int(fields.get("content_index", 0)))
            # Four characters of base64 are three bytes; those of the padding are none.
            self._bytes[place] += len(coded) * 3 // 4 - coded.count("=")

    def mistake_of(self, event: Mapping[str, Any]) -> str | None:
        """Say what is wrong with a truncation; None for what is right, and for every other event."""
        if event.get("type") != _TRUNCATE:
            return None
        item_id, index, end_ms = event["item_id"], event["content_index"], event["audio_end_ms"]
        sent_bytes = self._bytes.get((item_id, index))
        if sent_bytes is None:
            return f"It truncates {item_id} at content index {index}, of which no sound was sent."
        sent_ms = 1000 * (sent_bytes // 2) // self._rate_hz
        if not 0 <= end_ms <= sent_ms:
            return f"It truncates {item_id} at {end_ms} ms, but only {sent_ms} ms of it were sent."
        return None
