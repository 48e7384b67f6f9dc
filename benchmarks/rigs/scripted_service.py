"""A Realtime server that says what a script says, a program of its own: it must not share the client's interpreter.

`python -m benchmarks.rigs.scripted_service QUIET_S [ANSWER_S]` prints its address as JSON, listens on loopback to one
client, lets it send its microphone for QUIET_S seconds, and then holds one turn after another: the user is said to
speak, which interrupts the answer before, and to stop; half a second of answer comes at once. With ANSWER_S there is
one turn, and its answer is so long. When its standard input ends it prints when it sent what, on the clock of
`time.monotonic_ns`, and ends.
"""

from __future__ import annotations

import asyncio
import base64
import json
import random
import sys
import time
from itertools import count

import numpy as np

from engine.script.peer import Peer
from engine.script.reading import ConnectionScript, Script
from engine.script.steps import Emit, Expect, Wait

RATE_HZ = 24000
ANSWER_MS = 512
SILENCE_MS = 400
"""Silence that the providers' settings ask for: the client takes it from where the server says that speech ended."""
_SPEECH_S, _ANSWER_S = 0.04, 0.16
"""Length of the user's speech as the server tells it, and of the answer that has sounded by then."""
_TONE_HZ, _LEVEL = 440.0, 3000.0
_BLOCK_S = 0.02
_PACE_S = 0.1
"""Pause between two deltas of a long answer, which comes five times as fast as it sounds."""
_SEED = 1
_IGNORED = frozenset({"conversation.item.truncate", "response.cancel"})
_PATIENCE_S = 60.0


class _Turns:
    """Turns one after the other without end, or the one with a long answer; a step of a script.

    Args:
        answer_s: Length of the one answer; 0 for short ones.
        sent_ns: Takes when which event was sent.
    """

    def __init__(self, answer_s: float, sent_ns: dict[str, list[int]]) -> None:
        self._answer_s, self._sent_ns = answer_s, sent_ns
        self._dice = random.Random(_SEED)
        tone = np.sin(2 * np.pi * _TONE_HZ * np.arange(RATE_HZ * ANSWER_MS // 1000) / RATE_HZ)
        self._answer = base64.b64encode((_LEVEL * tone).astype("<i2").tobytes()).decode()

    async def play(self, peer: Peer) -> None:
        """Hold them."""
        for turn in range(1, 2) if self._answer_s else count(1):
            # Every moment of a block has to have its turn: the client's blocks would otherwise set the rhythm.
            await asyncio.sleep(self._dice.uniform(0, _BLOCK_S))
            user = {"item_id": f"user_{turn}"}
            self._note("speech_started")
            await peer.send("input_audio_buffer.speech_started", **user, audio_start_ms=0)
            await peer.hear(_SPEECH_S)
            end_ms = round(1000 * peer.audio_samples / RATE_HZ) + SILENCE_MS
            await peer.send("input_audio_buffer.speech_stopped", **user, audio_end_ms=end_ms)
            await self._say(peer, turn)
            await peer.hear(_ANSWER_S)

    async def _say(self, peer: Peer, turn: int) -> None:
        """Send an answer, faster than it sounds, as services do."""
        response, place = f"response_{turn}", {"item_id": f"item_{turn}", "output_index": 0, "content_index": 0}
        await peer.send("response.created", response={"id": response, "status": "in_progress"})
        for number in range(max(1, round(1000 * self._answer_s / ANSWER_MS))):
            await asyncio.sleep(_PACE_S if number else 0)
            self._note("delta")
            await peer.send("response.output_audio.delta", response_id=response, **place, delta=self._answer)
        await peer.send("response.output_audio.done", response_id=response, **place)
        await peer.send("response.done", response={"id": response, "status": "completed"})

    def _note(self, kind: str) -> None:
        self._sent_ns.setdefault(kind, []).append(time.monotonic_ns())


async def _serve(quiet_s: float, answer_s: float = 0.0) -> None:
    # Who only starts this process takes no server into its own memory.
    from engine.local.child import serve_parent  # noqa: PLC0415
    from engine.local.script_player import ScriptPlayer  # noqa: PLC0415

    sent_ns: dict[str, list[int]] = {}
    created = Emit("session.created", session={"id": "session_1", "model": "script"})
    steps = (Expect("session.update"), created, Wait(quiet_s), _Turns(answer_s, sent_ns))
    part = ConnectionScript(steps, labels=("session.update", "session.created", "quiet", "turns"))
    await serve_parent(ScriptPlayer(Script((part,), _IGNORED, _PATIENCE_S)))
    print(json.dumps({"sent_ns": sent_ns}), flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(*map(float, sys.argv[1:])))
