"""A recording holds the session as it was, sound and all, and replays to the same actions."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from engine.audio.session_audio import SessionAudio
from engine.audio.types import StreamRequest
from engine.audio.wav_file import WavFile
from engine.config import Config
from engine.errors import InvalidInputError
from engine.realtime.audience import Audience
from engine.realtime.protocol.client_events import AppendAudio
from engine.realtime.providers.choose import choose_provider
from engine.realtime.recording import writer
from engine.realtime.recording.heard import HeardFile
from engine.realtime.recording.replay import replay
from engine.realtime.recording.tap import Recording
from engine.realtime.recording.writer import Writer
from engine.realtime.session_events import BargeIn, ErrorShown, Observer, SessionEvent, Summary
from engine.realtime.testing import Answer, Close, Emit, Expect, Step, VirtualDevices, Wait, run_virtual
from engine.realtime.tools.tool import tool_of
from tests.realtime.recording.recorded import hold_recorded
from tests.support.full_disk import disk_of

TONE = (12000 * np.sin(np.arange(3 * 24000) / 5)).astype("<i2").tobytes()
SPEAKER_HZ, WIRE_HZ = 48000, 24000


def lines_of(folder: Path) -> list[dict[str, Any]]:
    """The lines of a recording."""
    return [json.loads(line) for line in (folder / "session.jsonl").read_text(encoding="utf-8").splitlines()]


def call(call_id: str) -> Emit:
    """The model wants the time."""
    item = {"type": "function_call", "id": f"i_{call_id}", "call_id": call_id, "name": "get_hour", "arguments": "{}"}
    return Emit("response.output_item.done", response_id="r1", item=item)


def get_hour() -> int:
    """Say the hour."""
    return 12


CONVERSATION: list[Step] = [
    Expect("session.update"),
    Emit("session.created", session={"id": "s1", "model": "m"}),
    Emit("session.from_the_future", rate=None),
    Emit("response.created", response={"id": "r1"}),
    call("c1"),
    Emit("response.done", response={"id": "r1", "status": "completed", "usage": {"input_tokens": 5}}),
    Expect("conversation.item.create"),
    Expect("response.create"),
    Answer("r2", "i2", TONE, "It is noon."),
    Wait(1.0),
    Emit("input_audio_buffer.speech_started", item_id="u1", audio_start_ms=1000),
    Wait(0.5),
    Emit("error", error={"message": "Odd", "code": "odd"}),
    Emit("error", error={"message": "Nothing runs", "code": "response_cancel_not_active"}),
    Emit("input_audio_buffer.speech_stopped", item_id="u1", audio_end_ms=1500),
    Answer("r3", "i3", TONE[:48000], "Yes?"),
    Wait(3.0),
]


@pytest.fixture
def spoken() -> np.ndarray[Any, np.dtype[np.float32]]:
    """Silence, then a tone of half a second after one second."""
    tone = 0.5 * np.sin(np.arange(SPEAKER_HZ // 2) / 20)
    return np.concatenate([np.zeros(SPEAKER_HZ), tone]).astype(np.float32)


def test_a_session_replays_to_the_same_actions(tmp_path: Path) -> None:
    held = hold_recorded(tmp_path / "talk", CONVERSATION, tools=[tool_of(get_hour)])
    assert [session_event for session_event in held.session_events if isinstance(session_event, BargeIn)]
    steps = list(replay(tmp_path / "talk"))
    assert steps
    assert all(step.same for step in steps)
    assert {step.input for step in steps} >= {"open", "handle", "tool_finished", "playback_cut"}
    kinds = {action["$"] for step in steps for action in step.actions}
    assert kinds >= {"Send", "PlayAudio", "StopPlayback", "RunTool", "Show", "Trace"}


def test_what_is_said_typed_and_lost_is_replayed_too(tmp_path: Path) -> None:
    async def type_something(session: Any) -> None:
        await asyncio.sleep(0.5)
        session.type_text("Hello")

    lost: list[Step] = [Expect("session.update"), Expect("conversation.item.create"), Expect("response.create")]
    again: list[Step] = [
        Expect("session.update"),
        Expect("conversation.item.create"),
        Expect("session.update"),
        Wait(2.0),
    ]
    hold_recorded(tmp_path / "talk", [*lost, Close(1006)], again, meanwhile=type_something, duration_s=10)
    steps = list(replay(tmp_path / "talk"))
    assert all(step.same for step in steps)
    assert {step.input for step in steps} >= {"open", "user_typed", "disconnected", "reconnected"}


def test_the_sound_is_whole_and_in_step(tmp_path: Path, spoken: np.ndarray[Any, np.dtype[np.float32]]) -> None:
    held = hold_recorded(tmp_path / "talk", CONVERSATION, tools=[tool_of(get_hour)], spoken=spoken, duration_s=6)
    agent, rate_hz = soundfile.read(tmp_path / "talk" / "agent.wav", dtype="int16")
    assert rate_hz == WIRE_HZ
    assert agent.astype("<i2").tobytes() == TONE + TONE[:48000]
    user, rate_hz = soundfile.read(tmp_path / "talk" / "user.wav", dtype="float32")
    heard, heard_hz = soundfile.read(tmp_path / "talk" / "heard.wav", dtype="float32")
    assert (rate_hz, heard_hz) == (WIRE_HZ, WIRE_HZ)
    left, right = heard[:, 0], heard[:, 1]
    assert np.array_equal(left[: user.size], user[: left.size])
    assert np.flatnonzero(np.abs(left) > 0.1)[0] / WIRE_HZ == pytest.approx(1.0, abs=0.002)
    assert right.size / WIRE_HZ == pytest.approx(held.devices.heard.size / SPEAKER_HZ, abs=0.05)
    played = np.flatnonzero(np.abs(held.devices.heard) > 0.1) / SPEAKER_HZ
    shown = np.flatnonzero(np.abs(right) > 0.1) / WIRE_HZ
    assert shown[[0, -1]] == pytest.approx(played[[0, -1]], abs=0.002)
    # The silence of the interruption is as long as it was.
    assert np.max(np.diff(shown)) == pytest.approx(np.max(np.diff(played)), abs=0.002)


def test_without_the_sound_it_replays_as_well_and_nothing_of_it_is_written(tmp_path: Path) -> None:
    hold_recorded(tmp_path / "talk", CONVERSATION, tools=[tool_of(get_hour)], duration_s=6, sound=False)
    assert [path.name for path in (tmp_path / "talk").iterdir()] == ["session.jsonl"]
    lines = lines_of(tmp_path / "talk")
    assert not [line for line in lines if line.get("sent", {}).get("type") == "input_audio_buffer.append"]
    assert all(step.same for step in replay(tmp_path / "talk"))


def test_an_event_says_where_its_sound_is(tmp_path: Path) -> None:
    hold_recorded(tmp_path / "talk", CONVERSATION, tools=[tool_of(get_hour)], duration_s=6)
    lines = lines_of(tmp_path / "talk")
    received = [line["received"] for line in lines if "received" in line]
    deltas = [event["delta"] for event in received if event["type"] == "response.output_audio.delta"]
    assert deltas[0]["at"] == 0
    assert sum(delta["bytes"] for delta in deltas) == len(TONE) + 48000
    sent = [line["sent"]["audio"] for line in lines if line.get("sent", {}).get("type") == "input_audio_buffer.append"]
    assert [audio["at"] for audio in sent] == [960 * number for number in range(len(sent))]
    assert (tmp_path / "talk" / "session.jsonl").stat().st_size < 100_000
    assert [line["n"] for line in lines[1:]] == list(range(1, len(lines)))


@pytest.mark.parametrize("key", ["sk-verysecret-0001", 'sk-"verysecret"\\0001'])
def test_keys_are_left_out(tmp_path: Path, key: str) -> None:
    script: list[Step] = [
        Expect("session.update"),
        Emit("session.created", session={"id": "s1", "tools": [{"type": "mcp", "authorization": "other-secret"}]}),
        Emit("error", error={"message": f"Odd key {key}", "code": "odd"}),
        Wait(1.0),
    ]
    hold_recorded(tmp_path / "talk", script, provider="openai", environ={"OPENAI_API_KEY": key}, duration_s=2)
    text = (tmp_path / "talk" / "session.jsonl").read_text(encoding="utf-8")
    assert "Odd key ***" in text
    assert "verysecret" not in text
    assert "other-secret" not in text
    assert all(step.same for step in replay(tmp_path / "talk"))


def test_ordinary_variables_spoil_no_line(tmp_path: Path) -> None:
    """Their values are the words and numbers that a recording is full of."""
    ordinary = {"TOKENIZERS_PARALLELISM": "false", "USE_AUTH_TOKEN": "true", "MAX_TOKENS": "24000", "MYSQL_PWD": "noon"}
    named = {"GIT_AUTHOR_NAME": "It is noon.", "XAUTHORITY": "get_hour"}
    hold_recorded(tmp_path / "talk", CONVERSATION, tools=[tool_of(get_hour)], environ=ordinary | named, duration_s=6)
    lines = lines_of(tmp_path / "talk")
    assert lines[0]["input_rate_hz"] == WIRE_HZ
    assert "It is noon." in json.dumps(lines)
    assert "get_hour" in json.dumps(lines)
    assert all(step.same for step in replay(tmp_path / "talk"))


def test_a_difference_is_found_and_its_place_is_named(tmp_path: Path) -> None:
    hold_recorded(tmp_path / "talk", CONVERSATION, tools=[tool_of(get_hour)], duration_s=6)
    path = tmp_path / "talk" / "session.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    number = next(number for number, line in enumerate(lines) if '"StopPlayback"' in line)
    lines[number] = lines[number].replace('"by_user": true', '"by_user": false')
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    different = [step for step in replay(path) if not step.same]
    assert [step.line for step in different] == [number + 1]
    assert different[0].event == "input_audio_buffer.speech_started"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda lines: [], "not a recording"),
        (lambda lines: [lines[0].replace("recording/1", "recording/9"), *lines[1:]], "voice-recording/9"),
        (lambda lines: [*lines[:3], "hello", *lines[3:]], "Line 4"),
        (lambda lines: [*lines[:3], '{"n": 9, "dropped": 3}', *lines[3:]], "3 entries are missing"),
        (lambda lines: [line.replace('"handle"', '"handel"') for line in lines], "cannot be replayed"),
        (lambda lines: [line.replace('"handle"', '"_perform"') for line in lines], "cannot be replayed"),
    ],
)
def test_what_is_no_recording_is_refused(tmp_path: Path, change: Any, says: str) -> None:
    hold_recorded(tmp_path / "talk", CONVERSATION, tools=[tool_of(get_hour)], duration_s=6)
    path = tmp_path / "talk" / "session.jsonl"
    lines = change(path.read_text(encoding="utf-8").splitlines())
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    with pytest.raises(InvalidInputError) as caught:
        list(replay(path))
    assert says in str(caught.value)
    assert caught.value.fix


def test_a_line_that_was_cut_off_at_the_end_is_left_out(tmp_path: Path) -> None:
    hold_recorded(tmp_path / "talk", CONVERSATION, tools=[tool_of(get_hour)], duration_s=6)
    path = tmp_path / "talk" / "session.jsonl"
    whole = len(list(replay(path)))
    path.write_bytes(path.read_bytes()[:-5])
    assert len(list(replay(path))) in (whole, whole - 1)


def test_a_recording_is_never_written_over(tmp_path: Path) -> None:
    hold_recorded(tmp_path / "talk", CONVERSATION, tools=[tool_of(get_hour)], duration_s=6)
    with pytest.raises(InvalidInputError) as caught:
        hold_recorded(tmp_path / "talk", CONVERSATION, duration_s=6)
    assert "There is a recording" in str(caught.value)
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InvalidInputError):
        hold_recorded(tmp_path / "file", CONVERSATION, duration_s=6)


def test_a_full_disk_ends_the_recording_and_not_the_session(tmp_path: Path) -> None:
    with disk_of(60_000):
        held = hold_recorded(tmp_path / "talk", CONVERSATION, tools=[tool_of(get_hour)], duration_s=6)
    (error,) = [n for n in held.session_events if isinstance(n, ErrorShown) and n.code == "recording"]
    assert "The conversation goes on" in error.message
    assert held.error is None
    assert isinstance(held.session_events[-1], Summary | ErrorShown)
    summary = next(session_event for session_event in held.session_events if isinstance(session_event, Summary))
    assert summary.reason == "duration"
    sizes = {name: soundfile.info(tmp_path / "talk" / f"{name}.wav").frames for name in ("user", "agent", "heard")}
    assert sizes["agent"] == (60_000 - 44) // 2
    assert all(step.same for step in replay(tmp_path / "talk"))


def test_a_slow_disk_drops_entries_and_counts_them() -> None:
    gate, dropped, done = threading.Event(), list[int](), list[int]()
    writer = Writer(dropped.append, lambda error: None)
    writer.put(gate.wait)  # type: ignore[arg-type]
    for number in range(5000):
        writer.put(partial(done.append, number))
    gate.set()
    assert writer.close(partial(done.append, 5000))
    assert writer.dropped > 0
    assert sum(dropped) == writer.dropped
    assert len(done) + writer.dropped == 5001
    assert done == sorted(done)
    assert done[-1] == 5000, "the last is never dropped"


def open_files(folder: Path) -> set[str]:
    """Names of the files in it that this process has open."""
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        pytest.skip("the system does not list open files")
    links = [link.readlink() for link in descriptors.iterdir() if link.is_symlink()]
    return {link.name for link in links if link.parent == folder}


def new_recording(folder: Path, observers: Sequence[Observer] = ()) -> Recording:
    """A recording of a session that is nowhere held."""
    chosen = choose_provider("custom", "ws://double/", {}, Config())
    return Recording(folder, chosen, tell=Audience(observers, chosen.scrubber).tell)


async def test_a_slow_disk_gets_the_end_of_the_sound_and_every_file_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, write, told = threading.Event(), WavFile.write, list[SessionEvent]()

    def write_slowly(file: WavFile, pcm16: bytes) -> int:
        gate.wait()
        return write(file, pcm16)

    monkeypatch.setattr(WavFile, "write", write_slowly)
    recording = new_recording(tmp_path, [lambda event, _: told.append(event)])
    for number in range(5000):
        recording.sent(AppendAudio("e1", b"\0\1", at_sample=number))
    assert len(open_files(tmp_path)) == 4
    closing = asyncio.ensure_future(recording.aclose())
    await asyncio.sleep(0)
    gate.set()
    await closing
    assert not open_files(tmp_path)
    frames = {name: soundfile.info(tmp_path / f"{name}.wav").frames for name in ("user", "heard")}
    assert frames["heard"] == frames["user"] >= 4000
    assert "too slow" in getattr(told[-1], "message", "")


async def test_a_full_disk_closes_every_file(tmp_path: Path) -> None:
    failed = asyncio.Event()
    recording = new_recording(tmp_path, [lambda *_: failed.set()])
    with disk_of(1000):
        recording.sent(AppendAudio("e1", bytes(2000)))
        await asyncio.wait_for(failed.wait(), 10)
    assert not open_files(tmp_path)
    await recording.aclose()


def test_a_disk_that_fails_once_the_session_is_over_is_nobody_s_concern(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, gate, crashed, worker = threading.Event(), threading.Event(), list[object](), list[threading.Thread]()

    def fail(file: WavFile, pcm16: bytes) -> int:
        worker.append(threading.current_thread())
        began.set()
        gate.wait(60)
        raise OSError(28, "No space left on device")

    async def hold() -> None:
        recording = new_recording(tmp_path)
        recording.sent(AppendAudio("e1", bytes(2)))
        await recording.aclose()

    monkeypatch.setattr(WavFile, "write", fail)
    monkeypatch.setattr(writer, "_LAST_S", 0.1)
    monkeypatch.setattr(threading, "excepthook", crashed.append)
    asyncio.run(hold())
    assert began.wait(60)
    gate.set()
    worker[0].join(60)
    assert not crashed
    assert not open_files(tmp_path)


@pytest.mark.parametrize("most_bytes", [0, 100])
async def test_a_recording_that_cannot_begin_leaves_nothing_behind(tmp_path: Path, most_bytes: int) -> None:
    folder = tmp_path / "talk"
    with disk_of(most_bytes), pytest.raises(InvalidInputError, match="cannot be written"):
        new_recording(folder)
    assert not list(folder.iterdir())
    assert not open_files(folder)
    await new_recording(folder).aclose()


def test_a_wav_file_is_whole_after_every_write(tmp_path: Path) -> None:
    file = WavFile(tmp_path / "a.wav", WIRE_HZ, 1)
    sizes = [7, 1, 960, 3, 0, 5]
    for count, size in enumerate(sizes, 1):
        file.write(b"\x01" * size)
        sound, rate_hz = soundfile.read(tmp_path / "a.wav", dtype="int16")
        assert rate_hz == WIRE_HZ
        assert sound.size == sum(sizes[:count]) // 2
    file.close()


def test_what_comes_late_finds_its_place_and_what_comes_too_late_is_left_out(tmp_path: Path) -> None:
    heard = HeardFile(tmp_path / "h.wav", WIRE_HZ)
    loud = np.full(480, 1000, "<i2").tobytes()
    heard.played(np.zeros(3 * WIRE_HZ, np.float32), WIRE_HZ)
    heard.said(WIRE_HZ, loud)
    heard.played(np.zeros(10 * WIRE_HZ, np.float32), WIRE_HZ)
    heard.said(2 * WIRE_HZ, loud)
    heard.close()
    sound, _ = soundfile.read(tmp_path / "h.wav", dtype="int16")
    assert sound.shape == (13 * WIRE_HZ, 2)
    assert np.flatnonzero(sound[:, 0]).tolist() == list(range(WIRE_HZ, WIRE_HZ + 480))


def test_what_nobody_read_in_time_of_what_was_played_is_silence_of_its_length() -> None:
    async def main() -> tuple[int, int, int]:
        audio = SessionAudio(
            VirtualDevices(), StreamRequest(), input_rate_hz=WIRE_HZ, output_rate_hz=WIRE_HZ, keep_played=True
        )
        audio.start()
        await asyncio.sleep(3)
        late, rate_hz = audio.read_played()
        await asyncio.sleep(1)
        in_time, _ = audio.read_played()
        audio.close()
        return late.size, in_time.size, rate_hz

    late, in_time, rate_hz = run_virtual(main())
    assert late / rate_hz == pytest.approx(3, abs=0.02)
    assert in_time / rate_hz == pytest.approx(1, abs=0.02)
