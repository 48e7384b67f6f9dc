"""Tests of programs that use sessions: virtual time, a scripted server and audio devices, all inside the process.

A conversation of thirty seconds runs in milliseconds, with the real session, player, kernel and wire format; only the
clock, the socket and the sound card are others. Every run of a test is the same run.

    import pytest

    from engine.audio.types import StreamRequest
    from engine.audio.session_audio import SessionAudio
    from engine.config import Config
    from engine.errors import AccessRefusedError
    from engine.realtime.providers.choose import choose_provider
    from engine.realtime.session import Session
    from engine.realtime.testing import Answer, Close, Emit, Expect, ServerDouble, Step, VirtualDevices, Wait
    from engine.realtime.testing import run_virtual
    from engine.realtime.tools.runner import ToolRunner

    def test_an_answer_is_heard() -> None:
        async def main() -> None:
            chosen = choose_provider("custom", "ws://double/", {}, Config())
            devices = VirtualDevices()
            audio = SessionAudio(devices, StreamRequest(), input_rate_hz=24000, output_rate_hz=24000)
            script: list[Step] = [
                Expect("session.update"),
                Emit("session.created", session={"id": "sess_1"}),
                Answer("resp_1", "item_1", pcm16=bytes(48000), text="Hello."),
                Wait(2.0),
                Close(1008, "enough"),      # never retried: the session ends with an AccessRefusedError
            ]
            with ServerDouble(script) as server:
                session = Session(chosen, audio, ToolRunner([]), connect=server.connect)
                with pytest.raises(AccessRefusedError):
                    await session.run()

        run_virtual(main())

A script may also be a file, as the embedded server plays it too: `read_script` of `engine.script.reading` returns its
steps. It may be a coroutine function that is given the `Peer`, where steps do not suffice. `ServerDouble` raises a
`ScriptError` when something else comes than is expected, and at its end when a step is left over.
"""

from engine.realtime.testing.devices import VirtualDevices
from engine.realtime.testing.double import ServerDouble
from engine.realtime.testing.peer import Peer, ScriptError
from engine.realtime.testing.virtual_time import VirtualTimeLoop, run_virtual
from engine.script.steps import Answer, CallTool, Close, Emit, Expect, GoSilent, Hear, Repeat, Step, Wait

__all__ = [
    "Answer",
    "CallTool",
    "Close",
    "Emit",
    "Expect",
    "GoSilent",
    "Hear",
    "Peer",
    "Repeat",
    "ScriptError",
    "ServerDouble",
    "Step",
    "VirtualDevices",
    "VirtualTimeLoop",
    "Wait",
    "run_virtual",
]
