"""The microphone's queue between connections: what is sent to whom, what is too old, and in which order."""

from __future__ import annotations

import asyncio

import pytest

from engine.audio.capture import MicBlock
from engine.audio.clock import loop_time_s
from engine.errors import ConnectionFailedError
from engine.realtime.connection.uplink import MAX_QUEUED_BLOCKS, Uplink
from engine.realtime.protocol.client_events import AppendAudio, ClientEvent, CommitAudio, CreateResponse
from engine.realtime.testing import run_virtual

RATE_HZ = 24000
BLOCK_SAMPLES = 480
BLOCK_S = 0.02
SOUND = b"\1\0" * BLOCK_SAMPLES


class Wire:
    """A connection that takes so many events, and fails with the next, or takes it when it is to go on."""

    def __init__(self, takes: int = 1_000_000, stalls_after: int = 1_000_000) -> None:
        self.takes = takes
        self.stalls_after = stalls_after
        self.sent: list[ClientEvent] = []
        self.go_on = asyncio.Event()

    async def send(self, event: ClientEvent) -> None:
        """Take an event."""
        if len(self.sent) == self.stalls_after:
            await self.go_on.wait()
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
        uplink.put(MicBlock(SOUND, loop_time_s(), number * BLOCK_SAMPLES))


async def speak_to(wire: Wire, uplink: Uplink, first: int, count: int) -> None:
    """The same while a connection takes them."""
    running = asyncio.create_task(uplink.run(wire.send))
    await speak(uplink, first, count)
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def test_zeros_of_a_muted_microphone_are_nobodys_words() -> None:
    async def main() -> tuple[int, float, float]:
        uplink, wire = Uplink(RATE_HZ), Wire()
        silence = MicBlock(bytes(2 * BLOCK_SAMPLES), loop_time_s())
        running = asyncio.create_task(uplink.run(wire.send))
        uplink.put(silence)
        await speak(uplink, 0, 1)
        await asyncio.sleep(0)
        running.cancel()
        uplink.hold()
        uplink.put(silence)
        await asyncio.sleep(10)
        return await uplink.release(wire.send), uplink.sent_s, uplink.live_s

    assert run_virtual(main()) == (0, 2 * BLOCK_S, BLOCK_S)


def test_what_was_held_goes_to_the_next_server_in_its_order_and_is_counted_from_its_beginning() -> None:
    async def main() -> None:
        uplink, first, second = Uplink(RATE_HZ), Wire(), Wire()
        await speak_to(first, uplink, 0, 5)
        uplink.hold()
        await speak(uplink, 5, 10)
        assert await uplink.release(second.send) == 0
        await speak_to(second, uplink, 15, 5)
        assert first.blocks == list(range(5))
        assert second.blocks == list(range(5, 20))
        assert uplink.sent_s == pytest.approx(20 * BLOCK_S)
        assert uplink.captured_at_s(300) == pytest.approx(loop_time_s())
        assert uplink.captured_at_s(0) == pytest.approx(loop_time_s() - 15 * BLOCK_S)

    run_virtual(main())


@pytest.mark.parametrize("max_outage_s", [0.0, 0.5, 2.0])
def test_of_what_was_held_the_newest_goes_and_the_rest_is_counted(max_outage_s: float) -> None:
    async def main() -> None:
        uplink, second, third = Uplink(RATE_HZ, max_outage_s=max_outage_s), Wire(), Wire()
        uplink.hold()
        await speak(uplink, 0, 150)
        expired_ms = await uplink.release(second.send)
        assert second.blocks == list(range(150 - len(second.blocks), 150))
        assert len(second.blocks) == pytest.approx(max_outage_s / BLOCK_S, abs=1)
        assert expired_ms == 20 * (150 - len(second.blocks))
        uplink.hold()
        assert await uplink.release(third.send) == 0
        assert third.blocks == []

    run_virtual(main())


def test_a_connection_that_breaks_while_it_takes_what_was_held_leaves_the_rest_to_the_next() -> None:
    async def main() -> None:
        uplink, second, third = Uplink(RATE_HZ), Wire(takes=4), Wire()
        uplink.hold()
        await speak(uplink, 0, 10)
        with pytest.raises(ConnectionFailedError):
            await uplink.release(second.send)
        uplink.hold()
        assert await uplink.release(third.send) == 0
        assert second.blocks == [0, 1, 2, 3]
        assert third.blocks == [4, 5, 6, 7, 8, 9]

    run_virtual(main())


def test_no_event_overtakes_a_block_nor_a_block_an_event() -> None:
    async def main() -> None:
        uplink, wire = Uplink(RATE_HZ), Wire()
        running = asyncio.create_task(uplink.run(wire.send))
        await speak(uplink, 0, 2)
        uplink.send(CommitAudio("voice_1"))
        uplink.send(CreateResponse("voice_2"))
        await speak(uplink, 2, 1)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        kinds = [type(event) for event in wire.sent]
        assert kinds == [AppendAudio, AppendAudio, CommitAudio, CreateResponse, AppendAudio]

    run_virtual(main())


def test_a_server_that_takes_too_little_gets_the_newest_second_and_every_event() -> None:
    async def main() -> None:
        uplink, wire = Uplink(RATE_HZ), Wire(stalls_after=1)
        running = asyncio.create_task(uplink.run(wire.send))
        uplink.send(CreateResponse("voice_1"))
        uplink.send(CreateResponse("voice_2"))
        await speak(uplink, 0, MAX_QUEUED_BLOCKS + 10)
        assert uplink.dropped_blocks == 10
        wire.stalls_after = 1_000_000
        wire.go_on.set()
        await asyncio.sleep(0.1)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert [event.event_id for event in wire.sent if isinstance(event, CreateResponse)] == ["voice_1", "voice_2"]
        assert wire.blocks == list(range(10, MAX_QUEUED_BLOCKS + 10))

    run_virtual(main())


def test_events_that_a_lost_connection_did_not_take_are_not_sent_on_the_next() -> None:
    async def main() -> None:
        uplink, first, second = Uplink(RATE_HZ), Wire(takes=1), Wire()
        uplink.send(CreateResponse("voice_1"))
        uplink.send(CreateResponse("voice_2"))
        with pytest.raises(ConnectionFailedError):
            await uplink.run(first.send)
        uplink.hold()
        await uplink.release(second.send)
        await speak_to(second, uplink, 0, 1)
        assert [type(event) for event in second.sent] == [AppendAudio]

    run_virtual(main())


def test_of_a_turn_whose_beginning_a_server_had_heard_the_rest_goes_to_no_other() -> None:
    async def main() -> None:
        uplink, first, second = Uplink(RATE_HZ), Wire(stalls_after=4), Wire()
        running = asyncio.create_task(uplink.run(first.send))
        await speak(uplink, 0, 10)
        uplink.send(CommitAudio("voice_1"))
        await speak(uplink, 10, 3)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        uplink.hold()
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
            uplink.put(MicBlock(SOUND, loop_time_s(), number * BLOCK_SAMPLES))
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
                uplink.put(MicBlock(SOUND, loop_time_s(), len(wire.sent) * BLOCK_SAMPLES))

        uplink = Uplink(RATE_HZ, on_sent)
        await speak_to(wire, uplink, 0, 1)
        assert wire.blocks == [0, 1, 2]

    run_virtual(main())


async def test_a_call_without_a_loop_leaves_the_queue_to_the_next() -> None:
    wire, uplink = Wire(), Uplink(RATE_HZ)
    running = asyncio.create_task(uplink.run(wire.send))
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # before Python 3.12 a task begins a turn later
    with pytest.raises(RuntimeError, match="no running event loop"):
        await asyncio.to_thread(uplink.send, CommitAudio("c1"))
    uplink.send(CreateResponse("r1"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert [event.event_id for event in wire.sent] == ["c1", "r1"]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
