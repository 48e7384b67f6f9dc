"""The public door: what it offers, how little it loads, and how it refuses bad input."""

from __future__ import annotations

import asyncio
import inspect
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

import engine as voice
from cli.commands.run import run as run_command
from engine.realtime.testing import ServerDouble, run_virtual
from tests.api.rig import BEGUN, session_with

HEAVY = ("numpy", "aiohttp", "llvmlite", "numba", "pydantic", "asyncio")


def test_importing_it_loads_nothing() -> None:
    listing = "import sys, engine; print([name for name in sys.modules if name.split('.')[0] in sys.argv[1:]])"
    run = subprocess.run([sys.executable, "-c", listing, *HEAVY], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


def test_every_name_is_there_and_is_the_one_of_its_module() -> None:
    assert len(set(voice.__all__)) == len(voice.__all__)
    for name in voice.__all__:
        assert getattr(voice, name).__name__ == name
        assert getattr(voice, name).__doc__
    assert set(voice.__all__) <= set(dir(voice))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        voice.nonsense  # noqa: B018


def test_every_kind_of_error_and_event_can_be_named() -> None:
    def kinds(base: type[Any]) -> set[str]:
        below = set().union(*(kinds(kind) for kind in base.__subclasses__()))
        return below | ({base.__name__} if base.__module__.startswith("engine.") else set())

    assert (kinds(voice.VoiceError) | kinds(voice.SessionEvent)) - {"ScriptError"} <= set(voice.__all__)


def test_a_session_takes_the_options_and_says_so() -> None:
    taken = inspect.signature(voice.Session).parameters
    assert list(taken) == [entry.name for entry in fields(voice.SessionOptions)]
    with pytest.raises(TypeError):
        voice.Session(colour="red")  # type: ignore[call-arg]


def test_the_command_line_has_every_option_of_a_session_that_is_none_of_a_program() -> None:
    options = set(inspect.signature(run_command).parameters) - {
        "events",
        "log_level",
        "profile",
        "lang",
        "plain",
        "quiet_others",
    }
    taken = {entry.name for entry in fields(voice.SessionOptions)}
    assert taken - options == {"host", "observers", "on_compile", "config", "connect", "record_sound"}
    assert not options - taken


def without_hints(*things):  # type: ignore[no-untyped-def]
    return things


BAD: dict[str, tuple[type[voice.VoiceError], Callable[[], object]]] = {
    "unknown provider": (voice.InvalidInputError, lambda: voice.Session(provider="nobody")),
    "key is missing": (
        voice.AccessRefusedError,
        lambda: voice.Session(provider="openai", config=voice.Config()),
    ),
    "not an address": (voice.InvalidInputError, lambda: voice.Session(url="http://nobody")),
    "volume": (voice.InvalidInputError, lambda: voice.Session(volume=90)),
    "volume that is not a number": (voice.InvalidInputError, lambda: voice.Session(volume=float("nan"))),
    "rate of the answers": (voice.InvalidInputError, lambda: voice.Session(output_rate=4)),
    "turns": (voice.InvalidInputError, lambda: voice.Session(turns="sometimes")),
    "eagerness of another mode": (voice.InvalidInputError, lambda: voice.Session(provider="local", eagerness="low")),
    "interrupter": (voice.InvalidInputError, lambda: voice.Session(barge_in="nobody")),
    "text and file": (voice.InvalidInputError, lambda: voice.Session(text=True, input_file="talk.wav")),
    "tool without hints": (voice.InvalidInputError, lambda: voice.Session(provider="local", tools=[without_hints])),
    "tool that is none": (voice.InvalidInputError, lambda: voice.Session(provider="local", tools=[3])),  # type: ignore[list-item]
    "tools that are no list": (voice.InvalidInputError, lambda: voice.Session(tools="mytools:TOOLS")),
    "module that is not there": (voice.InvalidInputError, lambda: voice.Session(provider="local", tools=["no_x:y"])),
    "instructions that are not there": (
        voice.InvalidInputError,
        lambda: voice.Session(provider="local", instructions="@/none"),
    ),
    "budget without prices": (
        voice.InvalidInputError,
        lambda: voice.Session(provider="local", budget=1, config=voice.Config()),
    ),
    "unknown backend": (voice.InvalidInputError, lambda: voice.list_devices("nothing")),
    "rate of a port": (voice.InvalidInputError, lambda: voice.open_port(rate_hz=3)),
    "rate of a port that is not a number": (voice.InvalidInputError, lambda: voice.open_port(rate_hz="16k")),  # type: ignore[arg-type]
    "block of a port": (voice.InvalidInputError, lambda: voice.open_port(block_ms=0)),
    "timeout of a tool": (voice.InvalidInputError, lambda: voice.tool(timeout_s=-1)),
}


WRONG_KINDS: dict[str, tuple[object, ...]] = {
    **dict.fromkeys(("provider", "model", "voice", "instructions", "input", "output", "url"), (b"text", 5)),
    **dict.fromkeys(("input_file", "output_file", "record"), (5, ["name"])),
    **dict.fromkeys(("mute", "text", "insecure"), ("no", 1, None)),
    **dict.fromkeys(("output_rate", "vad_silence_ms", "duck_ms"), (24000.5, "24000", True)),
    **dict.fromkeys(("volume", "duration"), ("loud", True, 1j)),
    **dict.fromkeys(("turns", "eagerness", "barge_in"), (5, ["low"])),
    **dict.fromkeys(("on_compile", "connect"), (5,)),
    "config": ({}, "config.toml"),
    "tools": ([5], 5, [object()], b"x"),
    "approve": ([1], "all"),
    "observers": ([None], None),
}


@pytest.mark.parametrize("name", WRONG_KINDS)
def test_a_value_of_a_wrong_kind_is_refused_by_the_name_of_its_parameter(name: str) -> None:
    for value in WRONG_KINDS[name]:
        with pytest.raises(voice.InvalidInputError, match=f"^`{name}=` cannot"):
            voice.Session(**{"provider": "local", name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_one_kind_of_error_with_a_sentence(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "VOICE_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    kind, call = BAD[what]
    with pytest.raises(voice.VoiceError) as refused:
        call()
    assert type(refused.value) is kind
    assert refused.value.message.endswith(".")
    assert refused.value.fix.endswith(".")


@pytest.mark.parametrize("opening", ["session", "port"])
async def test_an_unknown_device_is_refused_when_it_is_opened(opening: str) -> None:
    session = voice.Session(provider="custom", url="ws://127.0.0.1:1/", backend="virtual", input="no such")
    with pytest.raises(voice.UnknownDeviceError, match="no such"):
        async with session if opening == "session" else voice.open_port(backend="virtual", input="no such"):
            pass


def test_a_session_that_is_not_open_says_so() -> None:
    uses: list[Callable[[voice.Session], object]] = [
        lambda session: session.send_text("Hello."),
        lambda session: session.interrupt(),
        lambda session: session.mute(),
        lambda session: session.talk(),
        lambda session: session.approve("a1"),
        lambda session: session.play(np.zeros(10, np.float32), rate_hz=24000),
        lambda session: session.end_input(),
    ]

    async def main() -> None:
        with ServerDouble(BEGUN) as server:
            session = session_with(server)
            for use in (*uses, voice.Session.stop):
                with pytest.raises(voice.NotOpenError):
                    use(session)
            with pytest.raises(voice.NotOpenError):
                await session.wait()
            async with session:
                with pytest.raises(voice.InvalidInputError):
                    session.send_text(" ")
                for sound, rate_hz in (
                    (np.zeros(10), 24000),
                    (np.zeros(10, np.float32), None),
                    (np.zeros(10, np.float32), 24000.5),
                    (np.zeros((1, 2, 3), np.float32), 24000),
                    ("/none.wav", None),
                    (3, 24000),
                ):
                    with pytest.raises(voice.InvalidInputError):
                        session.play(sound, rate_hz=rate_hz)  # type: ignore[arg-type]
                await asyncio.sleep(1)
            for use in uses:
                with pytest.raises(voice.NotOpenError):
                    use(session)
            session.stop()  # it has ended
            with pytest.raises(voice.NotOpenError):
                async with session:
                    pass

    run_virtual(main(), at_most_s=60)


SNAPSHOT = """
import asyncio, json, os, signal, sys, logging, threading

def state():
    return {
        "descriptors": [os.fstat(number)[:2] for number in (0, 1, 2)],
        "path": sys.path[:],
        "switch interval": sys.getswitchinterval(),
        "handlers": [str(signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE)],
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "hooks": [str(sys.excepthook), str(threading.excepthook), str(sys.stderr), str(sys.stdout)],
        "log": [logging.getLogger().level, str(logging.getLogger().handlers)],
        "C's stderr": stderr_of_c(),
    }

def stderr_of_c():
    import ctypes
    return ctypes.c_void_p.in_dll(ctypes.CDLL(None), "stderr").value if sys.platform == "linux" else None

before = state()
import engine as voice

async def main():
    assert voice.list_devices("virtual")
    async with voice.open_port(backend="virtual", rate_hz=16000) as port:
        await anext(port)
    async with voice.Session(provider="local", backend="virtual", text=True, tools=["get_time"]) as session:
        session.send_text("what time is it")
        during = None
        async for event in session:
            during = during or (isinstance(event, voice.AgentText) and state())
            if during:
                session.stop()
    return during

try:
    voice.list_devices("sounddevice")  # whether it works or not
except voice.VoiceError:
    pass
during = asyncio.run(main())
after = state()
# asyncio itself watches SIGINT while it runs
for snapshot in (before, during, after):
    snapshot["handlers"] = snapshot["handlers"][1:] if snapshot is during else snapshot["handlers"]
print(json.dumps([[name for name in before if name != "handlers" and before[name] != during[name]],
                  [name for name in before if before[name] != after[name]],
                  before["handlers"][1:] == during["handlers"]]))
"""


def test_nothing_of_the_process_is_changed() -> None:
    run = subprocess.run([sys.executable, "-c", SNAPSHOT], capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout.splitlines()[-1]) == [[], [], True]
