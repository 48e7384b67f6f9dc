"""When a speaker rests, in each of its states; and the switch that lets one thread at a time into its stream."""

from __future__ import annotations

import threading

from backends.speaker_switch import SpeakerSwitch
from engine.audio.backend import StreamRequest
from engine.audio.link import AudioLink
from engine.audio.speaker_rest import SpeakerRest
from tests.support.manual_backend import RATE_HZ, ManualBackend, ManualStream


def falling() -> SpeakerRest:
    rest = SpeakerRest(after_s=10.0)
    rest.began(0.0)
    assert rest.begins(needed=False, now_s=10.0)
    return rest


def test_a_word_while_it_is_being_stopped_starts_it_again_and_the_stop_changes_nothing_any_more() -> None:
    rest = falling()
    assert rest.ends(needed=True)
    rest.stopped()
    assert rest.is_changing
    assert not rest.ends(needed=True)
    rest.began(11.0)
    assert not rest.goes_on


def test_it_counts_from_the_last_need_and_from_each_start() -> None:
    rest = SpeakerRest(after_s=10.0)
    rest.began(0.0)
    assert not rest.begins(needed=True, now_s=9.0)
    assert not rest.begins(needed=False, now_s=18.9)
    assert rest.begins(needed=False, now_s=19.0)
    rest.stopped()
    assert rest.ends(needed=True)
    rest.began(20.0)
    assert not rest.begins(needed=False, now_s=29.9)


def test_none_is_never() -> None:
    rest = SpeakerRest(after_s=None)
    assert not rest.begins(needed=False, now_s=1e9)


def test_a_speaker_whose_sound_is_kept_does_not_rest() -> None:
    class Resting(ManualStream):
        can_rest = True

        def rest_speaker(self) -> None: ...

        def rouse_speaker(self) -> None: ...

    class Backend(ManualBackend):
        def open(self, port: object, request: StreamRequest) -> ManualStream:
            self.stream = Resting(port, RATE_HZ)  # type: ignore[arg-type]
            return self.stream

    for keep_played in (False, True):
        link = AudioLink(Backend(), StreamRequest(), input_rate_hz=24000, output_rate_hz=24000, keep_played=keep_played)
        assert link.can_rest is not keep_played
        link.close()


def test_the_switch_closes_after_what_hangs_and_starts_only_what_was_stopped() -> None:
    switch = SpeakerSwitch()
    done: list[str] = []
    switch.on(lambda: done.append("on"))
    assert done == []
    inside, may_end = threading.Event(), threading.Event()

    def stop() -> None:
        inside.set()
        may_end.wait()
        done.append("off")

    stopping = threading.Thread(target=switch.off, args=[stop])
    stopping.start()
    inside.wait()
    assert switch.is_off
    closing = threading.Thread(target=switch.last(lambda: done.append("closed")))
    closing.start()
    may_end.set()
    stopping.join()
    closing.join()
    assert done == ["off", "closed"]
