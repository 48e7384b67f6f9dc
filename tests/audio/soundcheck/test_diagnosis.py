"""Each fault a sound check looks for is found where it is, named with its figures, and found nowhere else."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from engine.audio.platforms import JACK
from engine.audio.soundcheck.diagnosis import Report, Side, SoundCheck, Trouble, diagnose
from engine.audio.soundcheck.sweep import Sweep, speed_of_sweep

RATE_HZ = 48000
SWEEP = Sweep.for_rate(RATE_HZ)
ROOM_DB = -55
DELAY_S = 0.12
HEARD_S = 3.0
MICROPHONE = Side("USB Audio", RATE_HZ, RATE_HZ)
SPEAKER = Side("HDMI", RATE_HZ, RATE_HZ)

Signal = NDArray[np.float32]


def linear(level_db: float) -> float:
    """Amplitude of a level in dB."""
    return float(10 ** (level_db / 20))


def noise(seconds: float, level_db: float = ROOM_DB, rate_hz: int = RATE_HZ) -> Signal:
    """A room: white noise."""
    frames = np.random.default_rng(7).normal(0, linear(level_db), round(seconds * rate_hz))
    return frames.astype(np.float32)


def hum(seconds: float, mains_hz: int, level_db: float) -> Signal:
    """The mains and its harmonics, the second the loudest, as from a power supply."""
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    strengths = {1: 0.5, 2: 1.0, 3: 0.4, 4: 0.3, 6: 0.2}
    lines = [strength * np.sin(2 * np.pi * mains_hz * n * time_s) for n, strength in strengths.items()]
    wave = np.sum(lines, axis=0)
    return np.asarray(wave * linear(level_db) / np.std(wave), np.float32)


def heard(played: Signal, *, gain_db: float = -12, seconds: float = HEARD_S) -> Signal:
    """The room, with what was played after a while."""
    recording = noise(seconds)
    start = round(DELAY_S * RATE_HZ)
    part = played[: recording.size - start]
    recording[start : start + part.size] += np.float32(linear(gain_db)) * part
    return recording


def healthy() -> SoundCheck:
    """A recording without a fault."""
    return SoundCheck(noise(1.5), heard(SWEEP.samples(RATE_HZ)), SWEEP, MICROPHONE, SPEAKER)


def troubles(report: Report) -> list[Trouble]:
    """What it names; each with a sentence and a fix."""
    assert all(diagnosis.text.endswith(".") and diagnosis.fix.endswith(".") for diagnosis in report.diagnoses)
    return [diagnosis.trouble for diagnosis in report.diagnoses]


def test_a_healthy_pair_of_devices_has_no_trouble() -> None:
    report = diagnose(healthy())
    assert troubles(report) == []
    assert report.sweep_speed == 1.0
    assert report.quiet_db == pytest.approx(ROOM_DB, abs=0.5)
    assert report.hum_hz is None
    assert report.band_limit_hz is None


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e38, -4e7])
def test_values_that_no_device_can_mean_are_no_sound_however_loud(value: float) -> None:
    heard = healthy().heard.copy()
    heard[100] = value
    report = diagnose(replace(healthy(), heard=heard))
    assert troubles(report) == [Trouble.NO_SOUND]
    assert report.diagnoses[0].trouble.is_serious
    assert report.peak_db == report.quiet_db == -np.inf


@pytest.mark.parametrize(
    ("platform", "words"), [("darwin", "System Settings"), ("win32", "desktop apps"), ("linux", "p")]
)
def test_exact_zeros_are_a_matter_of_permission(monkeypatch: pytest.MonkeyPatch, platform: str, words: str) -> None:
    check = replace(healthy(), quiet=np.zeros(72000, np.float32), heard=np.zeros(144000, np.float32))
    monkeypatch.setattr(sys, "platform", platform)
    report = diagnose(check)
    assert troubles(report) == [Trouble.EXACT_ZEROS]
    assert words in report.diagnoses[0].fix
    assert report.quiet_db == -np.inf


def test_exact_zeros_of_jack_are_no_matter_of_pulseaudio(monkeypatch: pytest.MonkeyPatch) -> None:
    check = replace(healthy(), quiet=np.zeros(72000, np.float32), heard=np.zeros(144000, np.float32))
    monkeypatch.setattr(sys, "platform", "linux")
    (diagnosis,) = diagnose(replace(check, microphone=replace(MICROPHONE, host_api=JACK))).diagnoses
    assert "jack_lsp" in diagnosis.fix
    assert "pactl" not in diagnosis.fix


@pytest.mark.parametrize("constant", [0.0, 0.25], ids=["quiet", "and stuck at a value"])
def test_a_microphone_that_hears_next_to_nothing_is_silent(constant: float) -> None:
    muted = np.round(noise(4.5, -92) * 32767) / np.float32(32767) + np.float32(constant)
    report = diagnose(replace(healthy(), quiet=muted[:72000], heard=muted[72000:]))
    assert troubles(report) == [Trouble.SILENCE]


def test_a_quiet_room_with_headphones_is_not_silence() -> None:
    report = diagnose(replace(healthy(), quiet=noise(1.5, -66), heard=noise(3, -66)))
    assert troubles(report) == [Trouble.NOT_HEARD]
    assert not Trouble.NOT_HEARD.is_serious


@pytest.mark.parametrize("full_scale", [1.0, 32767 / 32768])
def test_clipping_is_told_from_loudness(full_scale: float) -> None:
    loud = heard(SWEEP.samples(RATE_HZ), gain_db=14)
    clipped = np.clip(loud, -full_scale, full_scale).astype(np.float32)
    assert troubles(diagnose(replace(healthy(), heard=clipped))) == [Trouble.CLIPPING]
    just_not = (loud / np.max(np.abs(loud))).astype(np.float32)
    assert troubles(diagnose(replace(healthy(), heard=just_not))) == []


@pytest.mark.parametrize("mains_hz", [50, 60])
def test_hum_is_named_with_its_mains(mains_hz: int) -> None:
    report = diagnose(replace(healthy(), quiet=noise(1.5) + hum(1.5, mains_hz, -48)))
    assert troubles(report) == [Trouble.HUM]
    assert report.hum_hz == mains_hz
    assert f"{mains_hz} Hz" in report.diagnoses[0].text
    assert "-48 dB" in report.diagnoses[0].text


@pytest.mark.parametrize("level_db", [-70, -90], ids=["inaudible", "below the noise"])
def test_hum_that_nobody_hears_is_none(level_db: float) -> None:
    assert troubles(diagnose(replace(healthy(), quiet=noise(1.5) + hum(1.5, 50, level_db)))) == []


def test_a_tone_in_the_room_is_no_hum() -> None:
    time_s = np.arange(72000) / RATE_HZ
    whistle = (linear(-40) * np.sin(2 * np.pi * 440 * time_s)).astype(np.float32)
    assert troubles(diagnose(replace(healthy(), quiet=noise(1.5) + whistle))) == []


def test_the_round_trip_is_from_where_the_sweep_was_played_to_where_it_is_heard() -> None:
    assert diagnose(healthy()).round_trip_ms is None
    check = replace(healthy(), played_at_s=DELAY_S - 0.03)
    assert diagnose(check).round_trip_ms == pytest.approx(30, abs=0.1)
    assert diagnose(replace(check, heard=noise(HEARD_S))).round_trip_ms is None


@pytest.mark.parametrize("was_hz", [44100, 32000, 24000, 16000, 96000])
def test_a_wrong_rate_is_heard_as_another_speed(was_hz: int) -> None:
    # Recorded at one rate and taken for another.
    recording = soxr.resample(heard(SWEEP.samples(RATE_HZ)), RATE_HZ, was_hz).astype(np.float32)
    report = diagnose(replace(healthy(), heard=recording))
    assert troubles(report) == [Trouble.WRONG_RATE]
    assert report.sweep_speed == pytest.approx(RATE_HZ / was_hz)
    assert f"{was_hz} Hz" in report.diagnoses[0].text
    assert Trouble.WRONG_RATE.is_serious


def test_a_clock_that_drifts_is_no_wrong_rate() -> None:
    recording = soxr.resample(heard(SWEEP.samples(RATE_HZ)), 48000, 48010).astype(np.float32)
    assert diagnose(replace(healthy(), heard=recording)).sweep_speed == 1.0


@pytest.mark.parametrize("echoes_db", [-6, 3, 10])
def test_echoes_of_a_room_do_not_change_the_speed(echoes_db: float) -> None:
    rng = np.random.default_rng(3)
    response = rng.normal(0, 1, 24000) * np.exp(-np.arange(24000) / 5000)
    response *= linear(echoes_db) / np.sqrt(np.sum(response**2))
    response[0] = 1.0
    played = SWEEP.samples(RATE_HZ)
    echoing = np.fft.irfft(np.fft.rfft(played, 1 << 18) * np.fft.rfft(response, 1 << 18))[: played.size + response.size]
    assert troubles(diagnose(replace(healthy(), heard=heard(echoing.astype(np.float32))))) == []


@pytest.mark.parametrize("limit_hz", [4000, 8000])
def test_a_band_that_ends_as_a_telephones_is_found_in_the_sweep(limit_hz: int) -> None:
    check = healthy()
    narrow = soxr.resample(soxr.resample(check.heard, RATE_HZ, 2 * limit_hz), 2 * limit_hz, RATE_HZ)
    report = diagnose(replace(check, heard=narrow.astype(np.float32)))
    assert troubles(report) == [Trouble.TELEPHONE]
    assert report.band_limit_hz == limit_hz
    assert f"above {limit_hz // 1000} kHz" in report.diagnoses[0].text


@pytest.mark.parametrize(
    ("microphone", "sign"),
    [
        (Side("Headset", RATE_HZ, 16000), "runs at 16000 Hz"),
        (Side("Headset", 8000, RATE_HZ), "runs at 8000 Hz"),
        (Side("Headset (WH-1000 Hands-Free AG Audio)", RATE_HZ, RATE_HZ), "Hands-Free"),
        (Side("bluez_input.00_11.headset-head-unit", RATE_HZ, RATE_HZ), "headset-head-unit"),
    ],
)
def test_a_name_or_a_rate_gives_telephone_mode_away(microphone: Side, sign: str) -> None:
    check = healthy()
    if microphone.rate_hz != RATE_HZ:
        slow = (soxr.resample(part, RATE_HZ, microphone.rate_hz) for part in (check.quiet, check.heard))
        quiet, recording = (part.astype(np.float32) for part in slow)
        check = replace(check, quiet=quiet, heard=recording)
    report = diagnose(replace(check, microphone=microphone))
    assert troubles(report) == [Trouble.TELEPHONE]
    assert sign in report.diagnoses[0].text


def test_several_faults_are_all_named() -> None:
    loud = np.clip(heard(SWEEP.samples(RATE_HZ), gain_db=16), -1, 1)
    check = replace(healthy(), quiet=noise(1.5) + hum(1.5, 60, -40), heard=loud, speaker=Side("HFP", RATE_HZ, RATE_HZ))
    assert set(troubles(diagnose(check))) == {Trouble.CLIPPING, Trouble.HUM, Trouble.TELEPHONE}


@pytest.mark.parametrize("rate_hz", [8000, 16000, 44100, 96000])
def test_a_sweep_is_found_at_any_rate_of_either_device(rate_hz: int) -> None:
    for player_hz in (8000, 44100, 96000):
        sweep = Sweep.for_rate(player_hz)
        through = soxr.resample(sweep.samples(player_hz), player_hz, rate_hz).astype(np.float32)
        assert speed_of_sweep(np.pad(through, rate_hz // 5), rate_hz, sweep) == 1.0
    assert speed_of_sweep(noise(3, -20, rate_hz), rate_hz, SWEEP) is None
