"""Audio without a conversation, through the public door: blocks at any rate, and sound of the program's own."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import engine as voice
from engine.audio.device.registry import Chosen
from engine.realtime.testing import VirtualDevices, run_virtual

TONE = (0.5 * np.sin(2 * np.pi * 1000 * np.arange(48000) / 48000)).astype(np.float32)


class Opened(VirtualDevices):
    """Devices that keep what was asked of them."""

    def open(self, port: Any, request: Any) -> Any:
        """Open both, and keep what it is about."""
        self.port, self.request, self.stream = port, request, super().open(port, request)
        return self.stream


def test_the_microphone_comes_in_blocks_at_the_rate_that_was_asked_for() -> None:
    async def main() -> list[voice.Block]:
        devices = Opened()
        devices.say(TONE)
        async with voice.open_port(input="default", backend=devices, rate_hz=16_000) as port:
            assert devices.request.directions == (voice.Direction.INPUT,)
            blocks = [await anext(port) for _ in range(25)]
            assert port.stats.input_peak_db == pytest.approx(-6, abs=0.5)
            with pytest.raises(voice.NotOpenError):
                port.play(TONE)
        assert not devices.stream.active
        return blocks

    blocks = run_virtual(main())
    assert [block.samples.size for block in blocks] == [320] * 25
    assert [block.at_sample for block in blocks] == [320 * number for number in range(25)]
    assert blocks[-1].peak_db == pytest.approx(-6, abs=0.2)
    assert blocks[-1].rms_db == pytest.approx(-9, abs=0.2)
    spectrum = np.abs(np.fft.rfft(np.concatenate([block.samples for block in blocks[5:]])))
    assert np.argmax(spectrum) * 16000 / (20 * 320) == pytest.approx(1000, abs=5)


def test_arrays_and_files_are_played_one_after_the_other(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "tone.wav", np.stack([TONE, TONE], axis=1), 48000)

    async def main() -> VirtualDevices:
        devices = Opened()
        async with voice.open_port(output="default", backend=devices) as port:
            port.play(TONE[:24000])
            port.play(tmp_path / "tone.wav")
            port.play((16384 * np.ones(4000)).astype(np.int16), rate_hz=8000)
            await port.played()
            assert port.stats.played_position == pytest.approx(2 * 48000, abs=2000)
            with pytest.raises(voice.NotOpenError):
                await anext(port)
        with pytest.raises(voice.NotOpenError):
            port.play(TONE)
        return devices

    heard = np.abs(run_virtual(main()).heard)
    assert (heard > 0.05).sum() == pytest.approx(2 * 48000, rel=0.05)


def test_playback_stops_at_once() -> None:
    async def main() -> VirtualDevices:
        devices = VirtualDevices()
        async with voice.open_port(backend=devices) as port:
            port.play(TONE)
            await asyncio.sleep(0.25)
            port.stop()
            await port.played()
            await asyncio.sleep(1)
        return devices

    heard = np.abs(run_virtual(main()).heard)
    assert (heard > 0.05).sum() == pytest.approx(0.25 * 48000, rel=0.15)


def test_a_lost_device_is_said_where_the_blocks_are_read() -> None:
    async def main() -> None:
        devices = Opened()
        async with voice.open_port(backend=devices) as port:
            await anext(port)
            devices.stream.close()
            with pytest.raises(voice.StreamLostError):
                async for _ in port:
                    pass
            port.play(TONE)
            with pytest.raises(voice.StreamLostError):
                await port.played()

    run_virtual(main())


def test_why_a_stream_has_ended_is_said_where_the_port_knows_it() -> None:
    async def main() -> None:
        devices = Opened()
        async with voice.open_port(backend=devices) as port:
            await anext(port)
            devices.port.finish(voice.InvalidInputError("The disk is full.", fix="Make room."))
            with pytest.raises(voice.InvalidInputError, match="The disk is full"):
                async for _ in port:
                    pass

    run_virtual(main())


def test_blocks_that_nobody_reads_are_counted() -> None:
    async def main() -> None:
        async with voice.open_port(input="default", backend=VirtualDevices()) as port:
            await asyncio.sleep(15)
            assert port.missed_blocks == pytest.approx(250, abs=3)
            assert (await anext(port)).at_sample == port.missed_blocks * 960

    run_virtual(main())


async def test_a_file_is_captured_to_its_end(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "tone.wav", TONE[:24000], 48000)
    async with voice.open_port(input_file=tmp_path / "tone.wav", rate_hz=16_000) as port:
        samples = np.concatenate([block.samples async for block in port])
    assert 0.5 * 16000 <= samples.size <= 0.6 * 16000
    assert (np.abs(samples) > 0.01).sum() == pytest.approx(0.5 * 16000, rel=0.05)


async def test_the_blocks_of_a_file_end_where_a_speaker_is_open_too(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "tone.wav", TONE[:4800], 48000)
    opened = voice.open_port(input_file=tmp_path / "tone.wav", output_file=tmp_path / "heard.wav")
    async with opened as port, asyncio.timeout(20):
        assert sum([block.samples.size async for block in port]) >= 4800
        port.play(TONE[:4800])
        await port.played()
        assert port.stats.played_position == 4800


def test_whoever_waits_for_a_port_that_is_closed_waits_no_longer() -> None:
    async def main() -> None:
        async with voice.open_port(backend=VirtualDevices()) as port:
            port.play(TONE)
            await anext(port)

            async def read() -> int:
                return len([block async for block in port])

            reading, played = asyncio.create_task(read()), asyncio.create_task(port.played())
            await asyncio.sleep(0.1)
        async with asyncio.timeout(1):
            await played
            assert await reading > 0

    run_virtual(main())


async def test_a_port_is_opened_once() -> None:
    port = voice.open_port(backend=VirtualDevices())
    async with port:
        await anext(port)
        with pytest.raises(voice.NotOpenError):
            await port.__aenter__()
        await anext(port)
    with pytest.raises(voice.NotOpenError):
        await port.__aenter__()


class Slow(VirtualDevices):
    """Devices that open when they are let; each step is told to the loop that is given."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self.loop, self.asked, self.closed = loop, asyncio.Event(), asyncio.Event()
        self.let = threading.Event()

    def wait(self) -> None:
        """Block the thread that is here."""
        self.loop.call_soon_threadsafe(self.asked.set)
        assert self.let.wait(10), "the loop does not go on"

    def tell(self) -> None:
        """Tell that it was closed."""
        self.loop.call_soon_threadsafe(self.closed.set)

    def open(self, port: Any, request: Any) -> Any:
        """Open both, late."""
        self.wait()
        stream = super().open(port, request)
        stream.close = self.tell  # type: ignore[method-assign]
        return stream


@pytest.mark.parametrize("slow", ["backend", "stream"])
async def test_the_loop_goes_on_while_a_port_is_opened_and_what_comes_too_late_is_closed(
    slow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices = Slow(asyncio.get_running_loop())

    def choose(*_: object) -> Chosen:
        if slow == "backend":
            devices.wait()
            devices.close = devices.tell  # type: ignore[method-assign]
        return Chosen(devices, "it is slow")

    monkeypatch.setattr("engine.api.backend.choose_backend", choose)
    opening = asyncio.create_task(voice.open_port().__aenter__())
    async with asyncio.timeout(20):
        await devices.asked.wait()
        opening.cancel()
        await asyncio.wait([opening])
        devices.let.set()
        await devices.closed.wait()
    assert opening.cancelled()


async def test_a_backend_that_hangs_while_it_closes_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    devices, let = VirtualDevices(), threading.Event()
    devices.close = let.wait  # type: ignore[assignment]
    monkeypatch.setattr("engine.api.backend.choose_backend", lambda *_: Chosen(devices, "it is the only one"))
    async with asyncio.timeout(20):
        async with voice.open_port():
            pass
    let.set()
