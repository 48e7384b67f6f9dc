"""Microphone gate: sends all of the microphone, what is said while a key is held, or silence while it is muted.

Muted, a server that listens for the ends of turns still gets silence, at the pace of the microphone: it measures pauses
in the audio it is sent, so that a turn in progress would never end without it, and its times would no longer be those
of the microphone. It gets not one sample of what was heard meanwhile. Where a key says when the turn ends, nothing goes
out while it is not held.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from engine.audio.capture import MicBlock

_BYTES = 2
"""Bytes per sample."""
_LATE_S = 0.3
"""Longest time after a release until the block that holds it; without a microphone it never comes."""


@dataclass(frozen=True, slots=True)
class _Change:
    at_s: float
    opens: bool


class MicGate:
    """Opens and closes to the sample, at times that may lie before the blocks that are still to come.

    Example:
        >>> mic_gate = MicGate(24000, by_key=True)
        >>> mic_gate.press(at_s=12.0)
        True
        >>> len(mic_gate.take(MicBlock(bytes(960), captured_at_s=12.01)).pcm16)  # the half since the key
        480
        >>> mic_gate.release(at_s=12.01)
        >>> mic_gate.take(MicBlock(bytes(960), captured_at_s=12.03)) is None
        True
        >>> mic_gate.turn_over(now_s=12.03)  # milliseconds; None until everything up to the release has been taken
        10
    """

    def __init__(self, rate_hz: int, *, by_key: bool = False, listens: bool = True) -> None:
        """Make a gate whose key is not pressed.

        Args:
            rate_hz: Sample rate of the blocks.
            by_key: A key says what is meant for the agent, and nothing else is sent.
            listens: False sends nothing, ever.
        """
        self._rate_hz = rate_hz
        self.by_key = by_key and listens
        """Whether it waits for a key."""
        self.listens = listens
        """Whether anything is ever sent."""
        self._pressed = False
        self._released_at_s: float | None = None
        self.muted = False
        self._open = listens and not by_key
        self._changes: deque[_Change] = deque()
        self._sent_samples = 0

    def mute(self, muted: bool, at_s: float) -> None:
        """Keep everything said from `at_s` on from the server, or no more."""
        self.muted = muted
        self._change(at_s)

    def press(self, at_s: float) -> bool:
        """Begin a turn; one whose end was not taken yet goes on instead. Returns whether one began."""
        if not self.by_key or self._pressed:
            return False
        begins = self._released_at_s is None
        if begins:
            self._sent_samples = 0
        self._pressed, self._released_at_s = True, None
        self._change(at_s)
        return begins

    def release(self, at_s: float) -> None:
        """End the turn, with what the microphone has taken up to then."""
        if self._pressed:
            self._pressed, self._released_at_s = False, at_s
            self._change(at_s)

    def take(self, block: MicBlock) -> MicBlock | None:
        """Return what of the next block is to be sent."""
        if self._open and not self._changes:
            self._sent_samples += len(block.pcm16) // _BYTES
            return block
        samples = len(block.pcm16) // _BYTES
        began_s = block.captured_at_s - samples / self._rate_hz
        pieces: list[bytes] = []
        start = closed = 0
        while self._changes and self._changes[0].at_s <= block.captured_at_s:
            change = self._changes.popleft()
            end = min(samples, max(start, round((change.at_s - began_s) * self._rate_hz)))
            pieces.append(self._piece(block, start, end))
            closed = closed if any(pieces) else end
            start, self._open = end, change.opens
        pieces.append(self._piece(block, start, samples))
        pcm16 = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self._sent_samples += len(pcm16) // _BYTES
        return block._replace(pcm16=pcm16, at_sample=block.at_sample + closed) if pcm16 else None

    def turn_over(self, now_s: float) -> int | None:
        """Milliseconds of a turn that were sent, once after its release, when nothing of it can come any more."""
        released_at_s = self._released_at_s
        if released_at_s is None or (self._changes and now_s - released_at_s < _LATE_S):
            return None
        self._released_at_s = None
        self._apply_changes()
        return 1000 * self._sent_samples // self._rate_hz

    def _piece(self, block: MicBlock, start: int, end: int) -> bytes:
        if self._open:
            return block.pcm16[_BYTES * start : _BYTES * end]
        return bytes(_BYTES * (end - start)) if self.listens and not self.by_key else b""

    def _change(self, at_s: float) -> None:
        opens = self.listens and not self.muted and (self._pressed or not self.by_key)
        self._changes.append(_Change(at_s, opens))

    def _apply_changes(self) -> None:
        for change in self._changes:
            self._open = change.opens
        self._changes.clear()
