"""What is done about a device that goes, returns, or is no longer the default; an hour of it takes no time."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest

from engine.audio.recovery.policy import KEPT_S, POLL_DEFAULT_S, Command, Found, Lost, RecoveryPolicy, Wanted
from engine.audio.recovery.stall import STALLED_S, START_S, StallDetector, StreamState
from engine.audio.types import Device, Direction, StreamInfo, StreamSide
from engine.errors import DeviceBusyError

MICROPHONE = Device(0, "Built-in", "Core Audio", 1, 0, 48000, is_default_input=True)
SPEAKER = Device(1, "Speakers", "Core Audio", 0, 2, 48000, is_default_output=True)
HEADSET = Device(2, "Headset", "Core Audio", 1, 2, 44100)
ALL = [MICROPHONE, SPEAKER, HEADSET]
TICK_S = 0.1
BY_NAME = Wanted(input="Built-in, Core Audio", output="Headset, Core Audio")


def info(speaker: Device = SPEAKER) -> StreamInfo:
    source, target = (StreamSide(device.name, 48000, 1, 480, 10.0, device.host_api) for device in (MICROPHONE, speaker))
    return StreamInfo("test", True, source, target)


class World:
    """Devices, a stream and a clock, and whoever carries out the commands at once."""

    def __init__(self, wanted: Wanted, speaker: Device = SPEAKER) -> None:
        self.policy = RecoveryPolicy(wanted, dice=random.Random(1))
        self.speaker = speaker
        self.devices: Sequence[Device] | None = ALL
        self.now_s = 0.0
        self.calls = 0
        self.runs = True
        self.waiting = False
        self.refusal: DeviceBusyError | None = None
        self.done: list[tuple[float, Command]] = []
        self.news: list[Lost | Found] = []
        self.policy.running(info(speaker), 0.0)

    def pass_time(self, seconds: float) -> None:
        for _ in range(round(seconds / TICK_S)):
            self.now_s += TICK_S
            self.calls += 10 if self.runs else 0
            seen = StreamState(self.runs, self.calls, self.calls, self.waiting)
            self.carry_out(self.policy.tick(seen, self.now_s))

    def times(self, command: Command) -> list[float]:
        return [at_s for at_s, done in self.done if done is command]

    def carry_out(self, commands: list[Command]) -> None:
        for command in commands:
            self.done.append((self.now_s, command))
            match command:
                case Command.CLOSE:
                    self.carry_out(self.policy.closed())
                case Command.RESCAN | Command.POLL_DEFAULT:
                    self.carry_out(
                        self.policy.rescanned(self.devices, self.now_s, "" if self.devices is not None else "it hangs")
                    )
                case Command.OPEN if self.refusal is not None:
                    self.carry_out(self.policy.refused(self.refusal, self.now_s))
                case Command.OPEN:
                    self.runs = True
                    self.carry_out(self.policy.opened(info(self.speaker), self.now_s))
                case Command.DROP:
                    self.waiting = False
        self.news += self.policy.take_news()


def test_a_stream_that_runs_is_left_alone_and_named_devices_are_not_looked_for() -> None:
    world = World(BY_NAME)
    world.pass_time(3600)
    assert world.done == []
    assert world.news == []


def test_a_lost_stream_is_closed_and_opened_again_at_once() -> None:
    world = World(BY_NAME)
    world.pass_time(10)
    world.runs = False
    world.pass_time(TICK_S)
    assert [command for _, command in world.done] == [Command.CLOSE, Command.RESCAN, Command.OPEN]
    lost, found = world.news
    assert lost == Lost("'Built-in, Core Audio' and 'Headset, Core Audio'", 0)
    assert isinstance(found, Found)
    assert (found.away_s, found.is_new_default) == (0.0, False)


def test_a_named_device_is_waited_for_with_growing_pauses_that_are_bounded_and_uneven() -> None:
    world = World(BY_NAME)
    world.pass_time(10)
    world.runs, world.devices = False, [MICROPHONE, SPEAKER]
    world.pass_time(600)
    rescans = world.times(Command.RESCAN)
    pauses = [after - before for before, after in pairwise(rescans)]
    assert pauses[0] < 0.5
    assert max(pauses) <= 3.0 * 1.2 + 2 * TICK_S
    assert len({round(pause, 1) for pause in pauses[5:]}) > 3
    assert world.times(Command.OPEN) == []
    attempts = [news for news in world.news if isinstance(news, Lost)]
    assert [news.attempt for news in attempts] == list(range(len(attempts)))
    assert attempts[-1].waiting_for == "'Headset, Core Audio'"
    world.devices = ALL
    world.pass_time(4)
    assert len(world.times(Command.OPEN)) == 1
    assert isinstance(world.news[-1], Found)
    assert world.news[-1].away_s == pytest.approx(600, abs=4)


def test_other_devices_are_opened_when_they_are_wanted_and_kept_from_then_on() -> None:
    world = World(BY_NAME)
    world.pass_time(10)
    world.carry_out(world.policy.want(Wanted(input="Built-in, Core Audio"), world.now_s))
    assert [command for _, command in world.done] == [Command.CLOSE, Command.RESCAN, Command.OPEN]
    (found,) = world.news
    assert isinstance(found, Found)
    assert found.is_chosen
    world.pass_time(POLL_DEFAULT_S + 1)
    assert world.times(Command.POLL_DEFAULT), "the default speaker is followed now"


def test_devices_that_are_wanted_while_others_are_looked_for_or_opened_take_their_place() -> None:
    world = World(BY_NAME)
    world.runs, world.devices = False, [MICROPHONE, SPEAKER]
    world.pass_time(60)
    assert not world.times(Command.OPEN)
    assert world.policy.want(Wanted(), world.now_s) == []
    world.pass_time(TICK_S)
    assert len(world.times(Command.OPEN)) == 1
    opening = RecoveryPolicy(BY_NAME)
    opening.running(info(), 0.0)
    assert opening.want(Wanted(output="Speakers, Core Audio"), 0.0) == [Command.CLOSE]
    assert opening.closed() == [Command.RESCAN]
    assert opening.rescanned(ALL, 0.0) == [Command.OPEN]
    assert opening.want(BY_NAME, 0.0) == []
    assert opening.opened(info(), 0.0) == [Command.CLOSE], "what was opened is not what is wanted now"
    assert opening.closed() == [Command.RESCAN]
    assert opening.rescanned(ALL, 0.0) == [Command.OPEN]
    assert opening.opened(info(HEADSET), 0.0) == []


def test_whoever_wants_the_default_takes_what_is_there() -> None:
    world = World(Wanted())
    world.pass_time(10)
    world.runs, world.devices = False, [MICROPHONE, HEADSET]
    world.pass_time(TICK_S)
    assert world.times(Command.OPEN)


def test_no_device_at_all_and_a_sound_system_that_hangs_are_told_apart() -> None:
    world = World(Wanted())
    world.runs, world.devices = False, []
    world.pass_time(TICK_S)
    assert world.news[-1] == Lost("any input device and any output device", 1)
    world.devices = None
    world.pass_time(1)
    assert isinstance(world.news[-1], Lost)
    assert (world.news[-1].waiting_for, world.news[-1].reason) == ("the sound system", "it hangs")


def test_a_device_that_is_there_but_busy_is_asked_again_and_the_reason_is_told() -> None:
    world = World(BY_NAME)
    world.runs, world.refusal = False, DeviceBusyError("Headset cannot be opened: busy.")
    world.pass_time(5)
    assert len(world.times(Command.OPEN)) > 2
    lost = world.news[-1]
    assert isinstance(lost, Lost)
    assert lost.reason == "Headset cannot be opened: busy."
    world.refusal = None
    world.pass_time(4)
    assert isinstance(world.news[-1], Found)


def test_a_device_that_comes_and_goes_is_not_asked_ever_faster() -> None:
    world = World(BY_NAME)
    for _ in range(20):
        world.runs, world.devices = False, [MICROPHONE]
        world.pass_time(TICK_S)
        world.devices = ALL
        world.pass_time(4)
        assert world.runs
    shaky = len(world.times(Command.RESCAN))
    assert shaky <= 20 * 5
    world.pass_time(60)
    world.runs, world.devices = False, [MICROPHONE]
    world.pass_time(0.5)
    assert world.news[-1] == Lost("'Headset, Core Audio'", 2)


def test_what_waits_is_dropped_after_10_s_and_what_comes_later_waits_anew() -> None:
    world = World(BY_NAME)
    world.pass_time(10)
    world.waiting, world.runs, world.devices = True, False, []
    world.pass_time(KEPT_S - 1)
    assert world.times(Command.DROP) == []
    world.pass_time(2)
    assert len(world.times(Command.DROP)) == 1
    world.pass_time(60)
    assert len(world.times(Command.DROP)) == 1
    world.waiting = True
    world.pass_time(KEPT_S - 1)
    assert len(world.times(Command.DROP)) == 1
    world.pass_time(2)
    assert len(world.times(Command.DROP)) == 2


def test_a_device_that_returns_in_time_drops_nothing() -> None:
    world = World(BY_NAME)
    world.pass_time(10)
    for _ in range(5):
        world.waiting, world.runs, world.devices = True, False, []
        world.pass_time(KEPT_S / 2)
        world.devices = ALL
        world.pass_time(4)
        assert world.runs
    assert world.times(Command.DROP) == []


def test_a_new_default_is_followed_by_whoever_wants_the_default_only() -> None:
    moved = [MICROPHONE, replace(SPEAKER, is_default_output=False), replace(HEADSET, is_default_output=True)]
    for wanted, follows in ((Wanted(), True), (Wanted(output="Speakers, Core Audio"), False), (BY_NAME, False)):
        world = World(wanted)
        world.pass_time(10)
        assert world.times(Command.CLOSE) == []
        world.devices, world.speaker = moved, HEADSET
        world.pass_time(POLL_DEFAULT_S + 2 * TICK_S)
        assert bool(world.times(Command.CLOSE)) is follows
        if follows:
            assert isinstance(world.news[-1], Found)
            assert world.news[-1].is_new_default
            assert not any(isinstance(news, Lost) for news in world.news)
            # Nobody rescans between closing and opening: that would be silence.
            assert world.times(Command.OPEN) == world.times(Command.CLOSE)
            world.pass_time(60)
            assert len(world.times(Command.OPEN)) == 1


def test_a_new_default_that_the_library_cannot_open_is_tried_once_and_nothing_is_told() -> None:
    """PortAudio cannot be restarted under the stream of another session: the old default is opened again."""
    world = World(Wanted())
    world.devices = [MICROPHONE, replace(SPEAKER, is_default_output=False), replace(HEADSET, is_default_output=True)]
    world.pass_time(60)
    assert len(world.times(Command.OPEN)) == 1
    assert world.news == []
    world.devices = [MICROPHONE, SPEAKER, HEADSET]
    world.pass_time(60)
    assert len(world.times(Command.OPEN)) == 1
    screen = Device(3, "Screen", "Core Audio", 0, 2, 48000, is_default_output=True)
    world.devices, world.speaker = [MICROPHONE, replace(SPEAKER, is_default_output=False), screen], screen
    world.pass_time(60)
    assert len(world.times(Command.OPEN)) == 2
    assert isinstance(world.news[-1], Found)
    assert world.news[-1].is_new_default


def test_a_list_that_comes_after_the_stream_was_lost_changes_nothing() -> None:
    policy = RecoveryPolicy(Wanted())
    policy.running(info(), 0.0)
    assert policy.tick(StreamState(True, 1, 1, False), POLL_DEFAULT_S) == [Command.POLL_DEFAULT]
    assert policy.tick(StreamState(False, 1, 1, False), POLL_DEFAULT_S + 0.1) == [Command.CLOSE]
    assert policy.rescanned(ALL, POLL_DEFAULT_S + 0.2) == []
    assert policy.closed() == [Command.RESCAN]


def keeps_running(
    detector: StallDetector, seconds: float, *, start_s: float, calls: tuple[int, int], active: bool = True
) -> bool:
    """Whether it lives after callbacks have not moved for that time."""
    is_running = True
    for tick in range(round(seconds / TICK_S) + 1):
        is_running = detector.is_running(StreamState(active, *calls, False), start_s + tick * TICK_S)
    return is_running


@pytest.mark.parametrize("stuck", [(100, 200), (200, 100)])
def test_one_direction_that_is_no_longer_called_is_a_dead_stream(stuck: tuple[int, int]) -> None:
    detector = StallDetector()
    assert detector.is_running(StreamState(True, 100, 100, False), 0.0)
    assert keeps_running(detector, STALLED_S - 0.3, start_s=0.1, calls=stuck)
    assert not keeps_running(detector, 0.5, start_s=STALLED_S, calls=stuck)


def test_a_sound_server_that_is_starved_on_a_busy_machine_is_not_dead() -> None:
    detector = StallDetector()
    assert detector.is_running(StreamState(True, 100, 100, True), 0.0)
    assert keeps_running(detector, 4.0, start_s=TICK_S, calls=(100, 100))
    assert keeps_running(detector, 4.0, start_s=5.0, calls=(101, 101))


def test_the_first_block_may_take_longer_but_not_for_ever() -> None:
    detector = StallDetector()
    assert keeps_running(detector, START_S - 0.3, start_s=0.0, calls=(0, 0))
    assert not keeps_running(detector, 0.5, start_s=START_S, calls=(0, 0))


def test_a_process_that_was_stopped_for_an_hour_does_not_blame_the_device() -> None:
    detector = StallDetector()
    assert detector.is_running(StreamState(True, 100, 100, False), 0.0)
    assert detector.is_running(StreamState(True, 100, 100, False), 3600.0)
    assert detector.is_running(StreamState(True, 101, 101, False), 3600.1)


def test_without_a_microphone_only_the_speaker_is_watched_and_looked_for() -> None:
    detector = StallDetector()
    assert all(detector.is_running(StreamState(True, None, tick, False), tick * TICK_S) for tick in range(200))
    policy = RecoveryPolicy(Wanted(directions=(Direction.OUTPUT,)))
    policy.running(info(), 0.0)
    assert policy.tick(StreamState(False, None, 1, False), 1.0) == [Command.CLOSE]
    assert policy.take_news() == [Lost("any output device", 0)]
    assert policy.closed() == [Command.RESCAN]
    assert policy.rescanned([SPEAKER], 1.1) == [Command.OPEN]


def test_a_stream_that_says_it_ended_is_believed_at_once() -> None:
    assert not StallDetector().is_running(StreamState(False, 100, 100, False), 0.0)
