"""An observer that acts in the middle of a session event: what it asks for happens after what is under way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import numpy as np

from engine.audio.session_audio import SessionAudio
from engine.audio.types import StreamRequest
from engine.realtime.session import RealtimeSession
from engine.realtime.session_events import ResponseStarted, SessionEvent, SessionStarted, ToolReturned, UserTyped
from engine.realtime.testing import Peer, ServerDouble, VirtualDevices, run_virtual
from engine.realtime.tools.runner import ToolRunner
from engine.realtime.tools.tool import tool_of
from tests.realtime.virtual_rig import chosen_for, tone

IGNORED = ("response.create", "response.cancel", "conversation.item.delete", "conversation.item.truncate")


def look() -> str:
    """Look at the clock."""
    return "noon"


def hold_with(
    script: Callable[[Peer], Awaitable[None]], kind: type[SessionEvent], act: Callable[[RealtimeSession], None]
) -> tuple[list[SessionEvent], VirtualDevices, Peer]:
    """Hold a session whose first observer acts once, when it is given such an event; return what another was told."""
    devices, told, acted = VirtualDevices(), list[SessionEvent](), list[SessionEvent]()

    async def main() -> Peer:
        def observer(event: SessionEvent, _: float) -> None:
            if isinstance(event, kind) and not acted:
                acted.append(event)
                act(session)

        async def served(peer: Peer) -> None:
            await peer.expect("session.update")
            await peer.send("session.created", session={"id": "sess_1"})
            await script(peer)

        audio = SessionAudio(devices, StreamRequest(), input_rate_hz=24000, output_rate_hz=24000)
        with ServerDouble(served, ignoring=IGNORED) as server:
            observers = [observer, lambda event, _: told.append(event)]
            runner = ToolRunner([tool_of(look)])
            session = RealtimeSession(chosen_for(), audio, runner, connect=server.connect, observers=observers)
            await session.run(duration_s=3)
        return server.peers[0]

    return told, devices, run_virtual(main())


def test_an_answer_that_an_observer_interrupts_as_it_begins_is_not_heard() -> None:
    async def script(peer: Peer) -> None:
        # No response.created: the answer begins with its first sound, and both come of one event.
        await peer.send_audio("r1", "i1", tone(1.0))
        await peer.expect("conversation.item.create")

    _, devices, _ = hold_with(script, ResponseStarted, lambda session: session.type_text("Something else"))
    assert np.count_nonzero(np.abs(devices.heard) > 0.01) < 0.1 * 48000


def test_what_an_observer_says_to_a_tool_result_comes_to_the_server_behind_that_result() -> None:
    async def script(peer: Peer) -> None:
        await peer.send("response.created", response={"id": "r1"})
        call = {"id": "i1", "type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}"}
        await peer.send("response.output_item.done", response_id="r1", item=call)
        await peer.send("response.done", response={"id": "r1", "status": "completed"})
        output = await peer.expect("conversation.item.create")
        assert output["item"]["type"] == "function_call_output"
        said = await peer.expect("conversation.item.create")
        assert said["item"]["role"] == "user"

    told, _, _ = hold_with(script, ToolReturned, lambda session: session.type_text("And thank you"))
    kinds = [type(event) for event in told]
    assert kinds.index(ToolReturned) < kinds.index(UserTyped)


def test_every_observer_is_told_of_an_act_after_what_it_was_an_answer_to() -> None:
    async def script(peer: Peer) -> None:
        await peer.expect("conversation.item.create")

    told, _, _ = hold_with(script, SessionStarted, lambda session: session.type_text("Hello"))
    kinds = [type(event) for event in told]
    assert kinds.index(SessionStarted) < kinds.index(UserTyped)
