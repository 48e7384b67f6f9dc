"""Tests of programs that use sessions: virtual time, a scripted server and audio devices, all inside the process.

A conversation of thirty seconds runs in milliseconds, with the real session, player, kernel and wire format; only the
clock, the socket and the sound card are others. Every run of a test is the same run.

    import pytest

    import engine as voice
    from engine.realtime.testing import Answer, Close, Emit, Expect, ServerDouble, VirtualDevices, Wait, run_virtual

    def test_an_answer_is_heard() -> None:
        async def main() -> None:
            script = [
                Expect("session.update"),
                Emit("session.created", session={"id": "sess_1"}),
                Answer("resp_1", "item_1", pcm16=bytes(48000), text="Hello."),
                Wait(2.0),
                Close(1008, "enough"),      # never retried: the session ends with an AccessRefusedError
            ]
            devices = VirtualDevices()
            with ServerDouble(script) as server, pytest.raises(voice.AccessRefusedError):
                await voice.Session(url="ws://double/", backend=devices, connect=server.connect).run()
            assert devices.heard.size >= 2 * devices.rate_hz

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
