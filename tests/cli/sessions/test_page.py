"""The page of a conversation: whole without network or sound, in a real browser, and deaf to what texts would like."""

from __future__ import annotations

import io
import json
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from matplotlib.image import imread

from cli.sessions.page import page
from cli.sessions.waves import waves_of
from engine.realtime.recording.story import Story
from tests.cli.test_foreign_text import HOSTILE, is_clean
from tests.support.browser import Browser, needs_chromium
from tests.support.kept import QUESTION, hold, script

ATTACK = (
    "</script></title></style><script>document.title='lost'</script><img src=x onerror=\"document.title='lost'\">'\"`"
)
LATER: list[dict[str, Any]] = [
    {"type": "unduck", "reason": "timeout", "ducked_ms": 700.0},
    {"type": "xrun", "side": "input", "frames": 480, "total_frames": 480},
    {"type": "device.lost", "waiting_for": ATTACK, "attempt": 0},
    {"type": "device.found", "input": "mic", "output": "", "away_ms": 2500},
    {"type": "reconnecting", "attempt": 1, "of": 8, "reason": ATTACK, "wait_ms": 0},
    {"type": "reconnected", "away_ms": 1500, "planned": False},
    {"type": "error", "message": ATTACK},
    {"type": "xrun", "side": 7, "frames": "many"},
    {"type": "xrun", "side": "output", "frames": 0, "total_frames": 0},
]


def with_events(path: Path, *events: dict[str, Any]) -> Path:
    """Add events to the end of a recording."""
    with (path / "session.jsonl").open("a", encoding="utf-8") as file:
        for number, event in enumerate(events):
            file.write(json.dumps({"n": 10_000 + number, "t": 9.0 + number / 10, "told": event}) + "\n")
    return path


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A conversation in which everything has happened."""
    path = tmp_path_factory.mktemp("kept") / "20261201-101500"
    hold(path)
    return with_events(path, *LATER)


@pytest.fixture(scope="module")
def url(talk: Path) -> str:
    """Its page as a file."""
    file = talk.parent / "page.html"
    file.write_text(page(Story(talk)), encoding="utf-8")
    return file.as_uri()


def test_it_needs_nothing_but_itself(talk: Path) -> None:
    html = page(Story(talk))
    assert not re.search(r"https?://|url\(|@import|<link|<iframe|<object", html)
    assert re.findall(r'src="[^;]+;', html) == ['src="data:audio/mpeg;']
    assert html.count("<script>") == 1
    assert is_clean(html)
    assert "0 frames of" not in html.replace("480 frames of", "")
    for words in (QUESTION, "multiply(a=7, b=8)", "<s>was a clockmaker by the sea.</s>", "first sound after 410 ms"):
        assert words.replace('"', "&#34;") in html
    for words in ("turned down for 700 ms", "480 frames of the microphone", "2.5 s: mic", "interrupted when 1.01 s"):
        assert words in html


def test_a_run_of_losses_is_one_line_of_it(tmp_path: Path) -> None:
    hold(tmp_path / "talk", record_sound=False)
    lost = {"type": "xrun", "side": "output", "frames": 480}
    html = page(Story(with_events(tmp_path / "talk", *[lost] * 300)))
    assert html.count("frames of the speaker") == 2, "the mark and its line"
    assert f"{300 * 480} frames of the speaker were lost: 300 times within 29.9 s" in html


def test_what_has_no_sound_is_a_page_too(tmp_path: Path) -> None:
    hold(tmp_path / "text", record_sound=False)
    html = page(Story(tmp_path / "text"))
    assert "No sound was saved." in html
    assert "<audio" not in html
    assert QUESTION in html
    (tmp_path / "text" / "heard.wav").write_bytes(b"RIFF\x00")
    assert "heard.wav cannot be read" in page(Story(tmp_path / "text"))
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "session.jsonl").write_text('{"format": "voice-recording/1"}\n')
    soundfile.write(tmp_path / "empty" / "heard.wav", np.zeros((0, 2)), 24000)
    assert "nan" not in page(Story(tmp_path / "empty"))


def test_an_hour_of_sound_has_room_in_twenty_megabytes(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(0, 0.2, (30 * 24000, 2)).astype(np.float32)
    noise[: 10 * 24000, 0] = 0
    soundfile.write(tmp_path / "heard.wav", noise, 24000)
    waves = waves_of(tmp_path / "heard.wav")
    assert len(waves.mp3) * 120 < 19e6
    assert waves.duration_s == 30
    decoded, rate_hz = soundfile.read(io.BytesIO(__import__("base64").b64decode(waves.mp3)))
    assert decoded.size / rate_hz == pytest.approx(30, abs=0.2)
    user, agent = ([float(y) for y in re.findall(r" (\d\.\d+)", outline)] for outline in waves.outlines)
    assert all(len(side) < 2 * 7300 for side in (user, agent))
    assert {user[0], user[400]} == {1.0}
    assert user[600] < 0.9
    assert min(*user, *agent) >= 0.0


@needs_chromium
async def test_it_fits_a_desk_a_phone_and_paper_in_light_and_dark(url: str, tmp_path: Path) -> None:
    async with Browser() as browser:
        for width, dark in ((1280, False), (1280, True), (390, False), (390, True), (320, False)):
            await browser.open(url, width, 844, dark=dark)
            assert await browser.run("document.documentElement.scrollWidth - innerWidth") <= 0
            beyond = "[...document.querySelectorAll('.talk li, .legend li, .tick, dd')].filter(e => {const b = e."
            beyond += "getBoundingClientRect(); return b.right > innerWidth || b.left < 0}).length"
            assert await browser.run(beyond) == 0
            picture = imread(io.BytesIO(await browser.picture()))[..., :3]
            assert (picture.mean() < 0.3) == dark
            assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 50, "waves and words were drawn"
        await browser.print_out()
        assert await browser.run("getComputedStyle(document.querySelector('.player')).display") == "none"
        assert imread(io.BytesIO(await browser.picture()))[..., :3].mean() > 0.7
        assert browser.complaints == []


@needs_chromium
async def test_a_click_plays_from_there(url: str) -> None:
    async with Browser() as browser:
        await browser.open(url)
        ready = "new Promise(done => audio.readyState > 2 ? done(1) : audio.addEventListener('canplay', () => done(1)))"
        await browser.run(ready)
        assert await browser.run("audio.duration") == pytest.approx(10.0, abs=0.3)
        left, top, width = await browser.run("(b => [b.left, b.top, b.width])(track.getBoundingClientRect())")
        state = "[audio.currentTime, audio.paused, document.querySelector('.talk .now').textContent]"
        started = f"new Promise(done => audio.addEventListener('timeupdate', () => done({state})))"
        await browser.run(f"window.started = {started}; 1")
        await browser.click(left + 0.6 * width, top + 20)
        at_s, paused, words = await browser.run("window.started")
        assert at_s == pytest.approx(6.0, abs=0.5)
        assert not paused
        assert "Stop." in words
        line = "document.querySelectorAll('.talk .agent')[1]"
        clicked = f"{line}.querySelector('button').click(); [audio.currentTime, {line}.className]"
        at_s, name = await browser.run(clicked)
        assert at_s == pytest.approx(4.0, abs=0.1)
        assert name == "agent now"
        assert browser.complaints == []


@pytest.fixture
def attack(tmp_path: Path) -> Path:
    """A conversation that would like to take over the page."""
    path = tmp_path / "<img src=x onerror=document.title=1>"
    hold(path, *script(ATTACK + HOSTILE, ATTACK))
    return with_events(path, *LATER)


@needs_chromium
async def test_hostile_words_and_names_are_words(attack: Path) -> None:
    path, html = attack, page(Story(attack))
    assert is_clean(html, keeps_invisible=True)
    file = path / "page.html"
    file.write_text(html, encoding="utf-8", errors="replace")
    async with Browser() as browser:
        await browser.open(file.as_uri())
        assert await browser.run("document.title") == f"Conversation {path.name}"
        assert await browser.run("document.querySelectorAll('script, img, iframe').length") == 1
        assert ATTACK in await browser.run("document.querySelector('.talk .user .said').textContent")
        assert ATTACK in await browser.run("document.querySelector('.talk .note:last-child .said').textContent")
        assert browser.complaints == []


def test_an_hour_of_talk_is_read_in_seconds(tmp_path: Path) -> None:
    """A bound several times the figure, which is 1 s for 300,000 lines with 9,000 of them to be parsed."""
    path = tmp_path / "long"
    path.mkdir()
    audio = json.dumps({"n": 1, "t": 1.0, "sent": {"type": "input_audio_buffer.append", "audio": {"bytes": 960}}})
    delta = {"type": "text.agent.delta", "text": "word ", "item_id": "i", "response_id": "r"}
    with (path / "session.jsonl").open("w", encoding="utf-8") as file:
        file.write('{"format": "voice-recording/1"}\n')
        for number in range(9000):
            told = {**delta, "item_id": f"i{number // 20}", "response_id": f"r{number // 20}"}
            file.write(f"{audio}\n" * 32 + json.dumps({"n": number, "t": number * 0.4, "told": told}) + "\n")
    began_s = time.perf_counter()
    assert len(Story(path).turns) == 450
    assert time.perf_counter() - began_s < 10
