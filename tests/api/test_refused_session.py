"""Sessions that are refused, cancelled or called wrongly through the public door: nothing stays open."""

from __future__ import annotations

import asyncio
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import engine as voice
from engine.audio.device.registry import Chosen
from engine.config import AudioDefaults
from engine.realtime import testing
from engine.realtime.testing import (
    Peer,
    ServerDouble,
    VirtualDevices,
)
from tests.api.rig import BEGUN, TONE, Mortal, names_of, run, session_with


def test_a_folder_with_a_recording_is_refused_before_anything_is_opened(tmp_path: Path) -> None:
    (tmp_path / "session.jsonl").touch()
    for folder, said in ((tmp_path, "a recording in"), (tmp_path / "session.jsonl", "is a file")):
        with ServerDouble() as server, pytest.raises(voice.InvalidInputError, match=said):
            session_with(server, record=folder)


def test_a_device_that_is_not_there_is_told_before_any_server_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def started() -> None:
        raise AssertionError("a server was started")

    async def main() -> None:
        monkeypatch.setattr("engine.api.session.LocalServer", started)
        await voice.Session(provider="local", backend="virtual", input="nosuch", config=voice.Config()).run()

    with pytest.raises(voice.UnknownDeviceError, match="nosuch"):
        run(main())


def test_a_configured_backend_that_is_not_there_is_named_with_its_place() -> None:
    config = voice.Config(audio=AudioDefaults(backend="alsa"))
    with pytest.raises(voice.InvalidInputError, match=r"'alsa'.*named by .*audio"):
        run(voice.Session(provider="local", config=config).run())


def test_what_fails_at_the_start_leaves_nothing_open(tmp_path: Path) -> None:
    async def main() -> None:
        (tmp_path / "file").touch()
        devices = Mortal()
        with ServerDouble() as server, pytest.raises(voice.InvalidInputError, match="recording"):
            async with session_with(server, devices, record=tmp_path / "file" / "folder"):
                pass
        assert not devices.stream.active
        assert len(asyncio.all_tasks()) == 1

    run(main())


def test_the_test_that_a_docstring_shows_is_a_test() -> None:
    shown = (testing.__doc__ or "").partition("    import pytest\n")[2].partition("\nA script may")[0]
    names: dict[str, Any] = {"pytest": pytest}
    exec(textwrap.dedent(shown), names)
    names["test_an_answer_is_heard"]()


async def test_a_sound_system_that_hangs_keeps_neither_the_loop_nor_who_wants_to_leave() -> None:
    begun, answers = threading.Event(), threading.Event()

    class Hung(VirtualDevices):
        def open(self, port: Any, request: Any) -> Any:
            begun.set()
            answers.wait()
            return super().open(port, request)

    with ServerDouble() as server:
        opening = asyncio.create_task(session_with(server, Hung()).__aenter__())
        await asyncio.to_thread(begun.wait)
        began_s = time.monotonic()
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
    assert time.monotonic() - began_s < 4
    answers.set()


def test_a_call_from_another_thread_is_refused_and_changes_nothing() -> None:
    async def play_server(peer: Peer) -> None:
        await BEGUN[0].play(peer)
        await peer.send("session.created", session={"id": "sess_1"})
        item = await peer.expect("conversation.item.create")
        assert item["item"]["content"][0]["text"] == "from the loop"
        await peer.expect("response.create")
        await peer.answer("resp_1", "item_1", TONE, "An answer.")

    async def main() -> None:
        refused: list[str] = []

        def use() -> None:
            calls: list[Callable[[], None]] = [lambda: session.send_text("aside"), session.interrupt, session.stop]
            for call in calls:
                with pytest.raises(voice.InvalidInputError, match="call_soon_threadsafe") as error:
                    call()
                refused.append(error.value.message)

        with ServerDouble(play_server) as server:
            async with session_with(server, duration=5) as session:
                await asyncio.sleep(1)
                await asyncio.to_thread(use)
                session.send_text("from the loop")
                assert "AgentText" in names_of([event async for event in session])
        assert len(refused) == 3

    run(main())


def test_what_is_no_text_is_refused_and_ends_nothing() -> None:
    async def main() -> None:
        with ServerDouble(BEGUN) as server:
            async with session_with(server, duration=1) as session:
                for text in (None, 5, b"bytes", ["words"]):
                    with pytest.raises(voice.InvalidInputError, match="`text=`"):
                        session.send_text(text)  # type: ignore[arg-type]
                assert (await session.wait()).reason == "duration"

    run(main())


class Closing(VirtualDevices):
    """Devices whose library is given back when the test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.closing, self.let = threading.Event(), threading.Event()

    def close(self) -> None:
        """Hang until it may."""
        self.closing.set()
        self.let.wait()


async def test_a_start_that_is_cancelled_closes_the_backend_it_gets_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, answers, devices = threading.Event(), threading.Event(), Closing()
    devices.let.set()

    def choose(*_: object) -> Chosen:
        begun.set()
        answers.wait()
        return Chosen(devices, "it is late")

    monkeypatch.setattr("engine.api.backend.choose_backend", choose)
    with ServerDouble() as server:
        opening = asyncio.create_task(session_with(server).__aenter__())
        await asyncio.to_thread(begun.wait)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
    assert not devices.closing.is_set()
    answers.set()
    assert await asyncio.to_thread(devices.closing.wait, 20)


async def test_a_backend_that_hangs_while_it_closes_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    devices = Closing()
    monkeypatch.setattr("engine.api.backend.choose_backend", lambda *_: Chosen(devices, "it is the only one"))
    with ServerDouble(BEGUN) as server:
        session = session_with(server, duration=0.1)
        async with asyncio.timeout(20):
            await session.run()
    assert devices.closing.is_set()
    devices.let.set()
