"""The microphone's queue between connections: what is sent again, what is too old, and what is sent once only."""

from __future__ import annotations

import asyncio

import pytest

from engine.audio.clock import loop_time_s
from engine.audio.recorder import MicBlock
from engine.errors import ConnectionFailedError
from engine.realtime.client_events import AppendAudio, ClientEvent, CommitAudio
from engine.realtime.testing import run_virtual
from engine.realtime.uplink import Uplink

RATE_HZ = 24000
BLOCK_SAMPLES = 480
BLOCK_S = 0.02


class Wire:
    """A connection that takes so many events, and fails with the next, or never takes it."""

    def __init__(self, takes: int = 1_000_000, stalls_after: int = 1_000_000) -> None:
        self.takes = takes
        self.stalls_after = stalls_after
        self.sent: list[ClientEvent] = []

    async def send(self, event: ClientEvent) -> None:
        """Take an event."""
        if len(self.sent) == self.stalls_after:
            await asyncio.Future()
        if len(self.sent) == self.takes:
            raise ConnectionFailedError("It broke.")
        self.sent.append(event)

    @property
    def blocks(self) -> list[int]:
        """The numbers of the blocks that came."""
        return [event.at_sample // BLOCK_SAMPLES for event in self.sent if isinstance(event, AppendAudio)]


async def speak(uplink: Uplink, first: int, count: int) -> None:
    """Put blocks at the pace of a microphone."""
    for number in range(first, first + count):
        await asyncio.sleep(BLOCK_S)
        uplink.put(MicBlock(bytes(2 * BLOCK_SAMPLES), loop_time_s(), number * BLOCK_SAMPLES))


async def speak_to(wire: Wire, uplink: Uplink, first: int, count: int) -> None:
    """The same while a connection takes them."""
    running = asyncio.create_task(uplink.run(wire.send))
    await speak(uplink, first, count)
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def test_what_a_connection_took_that_died_at_once_goes_again_in_its_order_and_place() -> None:
    async def main() -> None:
        uplink, second, third = Uplink(RATE_HZ), Wire(), Wire()
        assert not uplink.hold()
        await speak(uplink, 0, 10)
        assert await uplink.release(second.send) == 0
        await speak_to(second, uplink, 10, 5)
        assert second.blocks == list(range(15))
        assert uplink.in_doubt
        assert uplink.hold()
        await speak(uplink, 15, 5)
        assert await uplink.release(third.send) == 0
        assert third.blocks == list(range(20))
        assert uplink.sent_s == pytest.approx((15 + 20) * BLOCK_S)
        assert uplink.captured_at_s(400) == pytest.approx(loop_time_s())
        assert uplink.captured_at_s(0) == pytest.approx(loop_time_s() - 20 * BLOCK_S)

    run_virtual(main())


def test_what_the_server_was_seen_to_hear_is_not_sent_again() -> None:
    async def main() -> None:
        uplink, second, third = Uplink(RATE_HZ), Wire(), Wire()
        uplink.hold()
        await speak(uplink, 0, 10)
        await uplink.release(second.send)
        uplink.confirm()
        assert not uplink.in_doubt
        await speak_to(second, uplink, 10, 5)
        assert not uplink.hold()
        await uplink.release(third.send)
        assert third.blocks == []

    run_virtual(main())


@pytest.mark.parametrize("max_outage_s", [0.0, 0.5, 2.0])
def test_what_is_in_doubt_is_kept_no_longer_than_an_outage_may_last_and_the_rest_is_counted(
    max_outage_s: float,
) -> None:
    async def main() -> None:
        uplink, second, third = Uplink(RATE_HZ, max_outage_s=max_outage_s), Wire(), Wire()
        uplink.hold()
        stale_ms = await uplink.release(second.send)
        await speak_to(second, uplink, 0, 1000)
        assert uplink._unconfirmed is not None
        assert len(uplink._unconfirmed) <= max_outage_s / BLOCK_S + 2
        uplink.hold(is_dead=True)
        await speak(uplink, 1000, 10)
        stale_ms += await uplink.release(third.send)
        assert third.blocks == list(range(1010 - len(third.blocks), 1010))
        assert len(third.blocks) == pytest.approx(max_outage_s / BLOCK_S, abs=1)
        assert stale_ms == 20 * (1010 - len(third.blocks))

    run_virtual(main())


def test_what_a_server_may_have_heard_is_no_loss_when_it_is_too_old_to_be_sent_again() -> None:
    async def main() -> None:
        uplink, second, third, fourth = Uplink(RATE_HZ), Wire(), Wire(), Wire()
        uplink.hold()
        await uplink.release(second.send)
        # In six seconds of silence a server has nothing to say.
        await speak_to(second, uplink, 0, 300)
        uplink.hold()
        await speak(uplink, 300, 75)
        assert await uplink.release(third.send) == 0
        assert third.blocks == list(range(375 - len(third.blocks), 375))
        assert len(third.blocks) == pytest.approx(2.0 / BLOCK_S, abs=1)
        uplink.hold()
        await speak(uplink, 375, 150)
        assert await uplink.release(fourth.send) == pytest.approx(1000, abs=20)

    run_virtual(main())


def test_a_connection_that_breaks_while_it_takes_what_was_held_loses_and_repeats_nothing() -> None:
    async def main() -> None:
        uplink, second, third = Uplink(RATE_HZ), Wire(takes=4), Wire()
        uplink.hold()
        await speak(uplink, 0, 10)
        with pytest.raises(ConnectionFailedError):
            await uplink.release(second.send)
        assert uplink.hold()
        await uplink.release(third.send)
        assert third.blocks == list(range(10))

    run_virtual(main())


def test_a_block_with_which_a_doubtful_connection_breaks_goes_again() -> None:
    async def main() -> None:
        uplink, second, third = Uplink(RATE_HZ), Wire(takes=2), Wire()
        uplink.hold()
        await uplink.release(second.send)
        await speak_to(second, uplink, 0, 3)
        assert second.blocks == [0, 1]
        uplink.hold()
        await uplink.release(third.send)
        assert third.blocks == [0, 1, 2]

    run_virtual(main())


def test_the_end_of_a_turn_that_was_not_sent_yet_is_to_be_sent_again_by_who_wanted_it() -> None:
    async def main() -> None:
        uplink, second = Uplink(RATE_HZ), Wire()
        uplink.hold()
        uplink.put_event(CommitAudio("voice_1"))
        assert uplink.hold()
        await uplink.release(second.send)
        uplink.confirm()
        await speak_to(second, uplink, 0, 2)
        assert [type(event) for event in second.sent] == [AppendAudio, AppendAudio]
        assert not uplink.hold()

    run_virtual(main())


def test_of_a_turn_whose_beginning_a_server_had_heard_the_rest_goes_to_no_other() -> None:
    async def main() -> None:
        uplink, first, second = Uplink(RATE_HZ), Wire(stalls_after=4), Wire()
        running = asyncio.create_task(uplink.run(first.send))
        await speak(uplink, 0, 10)
        uplink.put_event(CommitAudio("voice_1"))
        await speak(uplink, 10, 3)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert not uplink.hold()
        # Of the fifth block nobody knows whether it had left.
        assert await uplink.release(second.send) == 20 * 6
        assert second.blocks == [10, 11, 12]

    run_virtual(main())


def test_a_connection_that_breaks_takes_no_block_that_the_next_could_have() -> None:
    async def main() -> None:
        uplink, first, second = Uplink(RATE_HZ), Wire(takes=2), Wire()
        running = asyncio.create_task(uplink.run(first.send))
        await asyncio.sleep(0)
        for number in range(6):
            uplink.put(MicBlock(bytes(2 * BLOCK_SAMPLES), loop_time_s(), number * BLOCK_SAMPLES))
        with pytest.raises(ConnectionFailedError):
            await running
        uplink.hold()
        await uplink.release(second.send)
        assert first.blocks + second.blocks == list(range(6))

    run_virtual(main())


def test_a_block_that_comes_while_another_is_being_sent_waits_for_its_turn() -> None:
    async def main() -> None:
        wire = Wire()

        def on_sent(_: float) -> None:
            if len(wire.sent) < 3:
                uplink.put(MicBlock(bytes(2 * BLOCK_SAMPLES), loop_time_s(), len(wire.sent) * BLOCK_SAMPLES))

        uplink = Uplink(RATE_HZ, on_sent)
        await speak_to(wire, uplink, 0, 1)
        assert wire.blocks == [0, 1, 2]

    run_virtual(main())
