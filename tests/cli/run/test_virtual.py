"""`voice run` as a person uses it, with no audio system at all: from WAV to WAV, the demonstration, Ctrl+C, errors."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.support.hearing import likeness, longest_gap_ms
from tests.support.relay import Relay
from tests.support.scripted_server import Peer, ScriptedServer
from tests.support.speech import speech
from tests.support.voice_process import VOICE, VoiceProcess

SPEAKER_HZ = 48000
KEY_NAMES = ("YANDEX_CLOUD_API_KEY", "YANDEX_CLOUD_FOLDER_ID", "YANDEX_CLOUD_IAM_TOKEN", "OPENAI_API_KEY")

CARDS = Path("/proc/asound/cards")
no_sound_card = pytest.mark.skipif(
    CARDS.exists() and "no soundcards" not in CARDS.read_text(), reason="this machine has a sound card"
)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """No sound server, no key, no configuration; the kernels' cache is kept."""
    kept = {name: value for name, value in os.environ.items() if name not in KEY_NAMES}
    nothing = {
        "VOICE_CONFIG": "",
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "PULSE_SERVER": "unix:/nonexistent",
    }
    return {**kept, **nothing}


def question(path: Path, text: str, voice: str = "en-us") -> Path:
    """A WAV file with a spoken question and half a second of room before it."""
    said = speech(text, 16000, voice)
    soundfile.write(path, np.concatenate([np.zeros(8000, np.int16), said]), 16000)
    return path


@pytest.mark.timing
def test_from_wav_to_wav_and_ends_by_itself(tmp_path: Path, environment: dict[str, str]) -> None:
    spoken = question(tmp_path / "in.wav", "what is the weather in Moscow")
    files = ("--input-file", str(spoken), "--output-file", str(tmp_path / "out.wav"))
    with (
        Relay() as relay,
        VoiceProcess(
            *("--backend", "virtual", "--provider", "local", "--url", relay.url, *files), environment=environment
        ) as voice,
    ):
        assert voice.wait() == 0
        reference = relay.audio(voice.of("text.agent")[0]["item_id"], SPEAKER_HZ)
    assert voice.of("transcript.user")[0]["text"].lower() == "what is the weather in moscow"
    assert voice.of("tool.call")[0]["name"] == "get_weather"
    assert voice.of("tool.call")[0]["arguments"]["city"].lower() == "moscow"
    heard, rate_hz = soundfile.read(tmp_path / "out.wav", dtype="float32")
    assert rate_hz == SPEAKER_HZ
    assert likeness(heard, reference, SPEAKER_HZ) >= 0.99
    assert longest_gap_ms(heard, reference, SPEAKER_HZ) == 0
    assert voice.events[-1]["type"] == "summary"
    assert voice.events[-1]["reason"] == "the input has ended"
    times = [event["t"] for event in voice.events]
    assert times == sorted(times)


@no_sound_card
def test_the_demonstration_of_a_machine_without_sound(environment: dict[str, str]) -> None:
    with VoiceProcess(environment=environment) as voice:
        assert voice.wait() == 0
    transcripts = [event["text"].lower() for event in voice.of("transcript.user")]
    assert transcripts == ["what is the weather in moscow", "tell me a story", "what is seven times eight"]
    assert [call["name"] for call in voice.of("tool.call")] == ["get_weather"]
    assert len(voice.of("barge_in")) == 1
    assert "56" in voice.of("text.agent")[-1]["text"]
    path = next(line.split(": ", 1)[1] for line in voice.shown.splitlines() if line.startswith("What was heard"))
    samples, rate_hz = soundfile.read(path, dtype="float32")
    assert samples.ndim == 2
    assert np.all(np.max(np.abs(samples), axis=0) > 0.1)
    assert abs(len(samples) / rate_hz - voice.events[-1]["duration_s"]) < 2


@no_sound_card
def test_the_demonstration_is_written_where_the_agent_cannot_listen(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    (tmp_path / "pocketsphinx.py").write_text("raise ImportError\n")
    with VoiceProcess(environment={**environment, "PYTHONPATH": str(tmp_path)}) as voice:
        assert voice.wait() == 0
    assert [event["text"] for event in voice.of("text.user")][-1] == "what is seven times eight"
    assert len(voice.of("barge_in")) == 1
    assert "56" in voice.of("text.agent")[-1]["text"]
    assert voice.shown.count("needs pocketsphinx") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_in_order_and_takes_the_server_with_it(
    environment: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    output = tmp_path / "out.wav"
    arguments = ("--backend", "virtual", "--provider", "local", "--output-file", str(output))
    with VoiceProcess(*arguments, environment=environment) as voice:
        voice.wait_for("session")
        children = children_of(voice.pid)
        assert children
        assert voice.interrupt(number) == 0
    assert voice.events[-1]["type"] == "summary"
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)
    assert soundfile.info(output).frames > 0
    assert "Traceback" not in voice.shown


def test_the_server_ends_when_the_client_is_killed(environment: dict[str, str]) -> None:
    if sys.platform != "linux":
        pytest.skip("processes are watched as Linux lets them be")
    with VoiceProcess("--backend", "virtual", "--provider", "local", environment=environment) as voice:
        voice.wait_for("session")
        children = children_of(voice.pid)
        descriptors = [os.pidfd_open(pid) for pid in children]
        assert voice.interrupt(signal.SIGKILL) == -signal.SIGKILL
        for descriptor in descriptors:
            assert wait_for_end(descriptor)
            os.close(descriptor)


def children_of(pid: int) -> list[int]:
    """Process ids of the children of a process."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def wait_for_end(process_descriptor: int) -> bool:
    """Wait until a process has ended; a pidfd becomes readable then."""
    import select  # noqa: PLC0415

    return bool(select.select([process_descriptor], [], [], 20)[0])


@pytest.mark.timing
def test_duration_counts_from_the_sessions_start(environment: dict[str, str]) -> None:
    arguments = ("--backend", "virtual", "--provider", "local", "--duration", "1")
    with VoiceProcess(*arguments, environment=environment) as voice:
        assert voice.wait() == 0
    assert 1.0 <= voice.events[-1]["duration_s"] < 3.0
    assert voice.events[-1]["reason"] == "duration"


async def test_keys_appear_nowhere(environment: dict[str, str], tmp_path: Path) -> None:
    key = "AQVN-very-secret-0123456789"

    async def script(peer: Peer) -> None:
        await peer.expect("session.update")
        await peer.send("error", error={"code": "odd", "message": f"key {key} is odd"})
        await peer.socket.close(code=1008, message=f"refused {key}".encode())

    async with ScriptedServer(script) as server:
        import asyncio  # noqa: PLC0415

        process = await asyncio.create_subprocess_exec(
            *(VOICE, "run", "--backend", "virtual", "--provider", "yandex", "--url", server.url),
            *("--events", str(tmp_path / "events.jsonl"), "--log-level", "debug"),
            env={**environment, "YANDEX_CLOUD_API_KEY": key, "YANDEX_CLOUD_FOLDER_ID": "folder"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        output, errors = await process.communicate()
        peer = await server.peer()
    assert peer.headers["Authorization"] == f"Api-Key {key}"
    shown = output.decode() + errors.decode() + (tmp_path / "events.jsonl").read_text()
    assert "is odd" in shown
    assert process.returncode == 12
    assert key not in shown


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--backend", "nothing"), 2, "no audio backend called 'nothing'"),
        (("--provider", "nobody"), 2, "no provider 'nobody'"),
        (("--provider", "openai"), 12, "OPENAI_API_KEY"),
        (("--provider", "local", "--turns", "none", "--eagerness", "low"), 2, "Add --turns semantic_vad"),
        (("--url", "http://example.org"), 2, "not the address of a Realtime server"),
        pytest.param(("--backend", "sounddevice", "--provider", "local"), 5, "no input device", marks=no_sound_card),
        pytest.param(("--url", "ws://127.0.0.1:1/"), 5, "no sound card", marks=no_sound_card),
        (("--backend", "virtual", "--input-file", "missing.wav"), 2, "no audio file missing.wav"),
        (
            ("--backend", "virtual", "--input", "usb"),
            6,
            "matches 'usb'.\n  There are: virtual, files. Use --input-file",
        ),
        (("--backend", "virtual", "--output", ""), 6, "name of the output device is empty"),
        (("--provider", "opnai"), 2, "Did you mean 'openai'?"),
        (("--backend", "virtal"), 2, "Did you mean 'virtual'?"),
        (("--backend", "virtual", "--processor", "noisegate"), 2, "Did you mean 'noise_gate'?"),
        (("--backend", "virtual", "--tools", "get_wether"), 2, "Did you mean 'get_weather'?"),
        (("--backend", "virtual", "--tools", "./mine.py:TOOLS"), 2, "Write mine:TOOLS, and run it in the folder of"),
        (("--backend", "virtual", "--tools", "nothing:here"), 2, "cannot be loaded"),
        (("--backend", "virtual", "--instructions", "@missing.txt"), 2, "cannot be read"),
        (("--backend", "virtual", "--events", "missing/e.jsonl"), 2, "cannot be written"),
        (("--backend", "virtual", "--record", "a_file"), 2, "a_file is a file"),
        (("--backend", "virtual", "--record", "a_file/talk"), 2, "cannot be written into a_file/talk"),
        (("--backend", "virtual", "--output-file", "missing/o.wav"), 2, "cannot be written"),
        (("--backend", "virtual", "--output-file", "answer.mp3"), 2, "would be a WAV file"),
        (("--provider", "local", "--input-file", "damaged.flac"), 2, "damaged.flac is damaged"),
        (("--url", "ws://127.0.0.1:1/", "--output-file", "kept.wav", "--backend", "virtual"), 11, "cannot be reached"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence_with_the_fix(
    environment: dict[str, str], tmp_path: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    (tmp_path / "a_file").touch()
    (tmp_path / "kept.wav").write_bytes(b"of yesterday")
    soundfile.write(tmp_path / "damaged.flac", np.random.default_rng(1).uniform(-0.5, 0.5, 48000), 48000)
    os.truncate(tmp_path / "damaged.flac", 40_000)
    run = subprocess.run(
        [VOICE, "run", *arguments], env=environment, capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert run.returncode == code, run.stderr
    assert words in run.stderr
    assert "\n  " in run.stderr
    assert "Traceback" not in run.stderr
    assert "audio device" not in run.stderr
    assert (tmp_path / "kept.wav").read_bytes() == b"of yesterday"


def test_event_lines_are_one_object_each_with_a_time_and_a_type(environment: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    run = subprocess.run(
        [VOICE, "run", "--backend", "virtual", "--provider", "local", "--duration", "0.5", "--events", str(path)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    events = [json.loads(line) for line in path.read_text().splitlines()]
    assert all(isinstance(event["t"], float) and isinstance(event["type"], str) for event in events)
    assert [event["type"] for event in events][0 :: len(events) - 1] == ["chosen", "summary"]
    assert {"turns", "xruns", "dropped_blocks", "latency"} <= set(events[-1])
    assert "Speak." in run.stderr
