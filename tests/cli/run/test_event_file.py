"""The file of `--events`: every session event comes back out of it, whatever a server's texts are made of."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.run.outputs import open_outputs
from engine.realtime.session_events import AgentTextDelta
from tests.support.voice_process import VOICE

TEXTS = ["Hello", "Привет", "\U0001f600", "\ud83d", "\ude00", 'a "quote"\n']
"""An emoji, and the same cut in two between two deltas."""


def test_every_text_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with open_outputs(str(path)) as outputs:
        assert outputs.events is not None
        for number, text in enumerate(TEXTS):
            outputs.events(AgentTextDelta(text), float(number))
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["text"] for line in lines] == TEXTS
    assert "Привет" in lines[1]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("target", ["/dev/full", "-"])
def test_a_full_disk_stops_the_events_and_not_the_conversation(target: str) -> None:
    command = [VOICE, "run", "--backend", "virtual", "--provider", "local", "--duration", "0.5", "--events", target]
    with Path("/dev/full" if target == "-" else os.devnull).open("wb") as stdout:
        run = subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False, timeout=120)
    assert run.returncode == 2
    assert "Traceback" not in run.stderr
    assert "No space left on device" in run.stderr.splitlines()[-2]
    assert run.stderr.splitlines()[-1].startswith("  Make room")


def test_on_standard_output_too_and_nothing_else_is() -> None:
    program = (
        "import os\n"
        "from cli.run.outputs import open_outputs\n"
        "from engine.realtime.session_events import AgentTextDelta\n"
        "with open_outputs('-') as outputs:\n"
        "    print('printed by a tool', flush=True)\n"
        "    outputs.events(AgentTextDelta('\\ud83d'), 0.0)\n"
        "    os.system('echo printed by a child')\n"
        "print('afterwards')\n"
    )
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True, timeout=60)
    event, afterwards = run.stdout.splitlines()
    assert json.loads(event)["text"] == "\ud83d"
    assert afterwards == b"afterwards"
    assert run.stderr.splitlines() == [b"printed by a tool", b"printed by a child"]


def test_a_reader_who_takes_nothing_does_not_stop_the_conversation() -> None:
    if sys.platform == "win32":
        pytest.skip("fills a pipe of Unix")
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    filled = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            filled += os.write(writing, b"\n" * 4096)
    os.set_blocking(writing, True)
    command = [VOICE, "run", "--backend", "virtual", "--provider", "local", "--text", "--events", "-"]
    run = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert run.stdin is not None
    assert run.stderr is not None
    with run.stdin as stdin:
        stdin.write(b"what is seven times eight\nhello\n")
    shown = b""
    while b"End (" not in shown:
        line = run.stderr.readline()
        assert line, shown
        shown += line
    assert b"56" in shown
    events = b""
    while data := os.read(reading, 1 << 16):
        events += data
    os.close(reading)
    run.stderr.close()
    assert run.wait(60) == 0
    kinds = [json.loads(line)["type"] for line in events[filled:].splitlines()]
    assert kinds.count("text.user") == 2
    assert kinds[-1] == "summary"


@pytest.mark.skipif(os.name != "posix", reason="a shell's pipe")
@pytest.mark.parametrize(
    ("wanted", "first"), [([], "You:   hello"), (["--events", "-"], '"type": "chosen"')], ids=["conversation", "events"]
)
def test_a_reader_who_leaves_ends_the_conversation_quietly(wanted: list[str], first: str) -> None:
    script = (
        'yes hello | head -20 | "$0" run --text --backend virtual --provider local "$@" | head -1; '
        "echo ${PIPESTATUS[2]}"
    )
    command = ["bash", "-c", script, VOICE, *wanted]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    line, code = run.stdout.splitlines()
    assert first in line
    assert code == "1"
    assert run.stderr.splitlines()[-1].startswith("End (nobody reads the output)")
    for unwanted in ("Traceback", "WARNING", "takes no more"):
        assert unwanted not in run.stderr


def test_what_is_missing_of_the_conversation_is_told() -> None:
    program = (
        "import sys\n"
        "from cli.run.outputs import open_outputs\n"
        "from cli.terminal import writer\n"
        "from engine.realtime.session_events import UserTyped\n"
        "writer.MOST_BYTES = 2000\n"
        "with open_outputs(None) as outputs:\n"
        "    for number in range(3000):\n"
        "        outputs.screen(UserTyped('x' * 90), 0.0)\n"
        "    print('written', file=sys.stderr, flush=True)\n"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        assert run.stderr.readline() == "written\n"
        shown, told = run.stdout.read(), run.stderr.read()
    missing = int(told.split(" pieces of the conversation are missing")[0])
    assert len(shown.splitlines()) == 3000 - missing < 3000
