"""The key of push-to-talk in time: held, tapped, and repeated by the terminal."""

from __future__ import annotations

import pytest

from cli.run.talk_key import TalkKey


def test_where_releases_are_reported_the_key_talks_as_long_as_it_is_held() -> None:
    key = TalkKey()
    key.reports_release = True
    key.press(0.0)
    for number in range(20):
        key.press(0.5 + number / 30)
    key.decide(100.0)
    assert key.held
    key.release()
    assert not key.held


def test_a_tap_begins_and_a_tap_ends() -> None:
    key = TalkKey()
    key.press(0.0)
    assert (key.held, key.decide_at_s) == (True, None)
    key.press(2.0)
    assert key.held
    assert key.decide_at_s is not None
    key.decide(key.decide_at_s)
    assert not key.held


@pytest.mark.parametrize(("delay_s", "pace_s"), [(0.25, 0.03), (0.5, 0.033), (0.66, 0.1), (1.0, 0.02)])
def test_a_held_key_that_only_repeats_talks_until_the_repetitions_end(delay_s: float, pace_s: float) -> None:
    key = TalkKey()
    presses = [0.0, *(delay_s + number * pace_s for number in range(60))]
    now_s = 0.0
    while now_s < presses[-1] + 1:
        if presses and presses[0] <= now_s:
            key.press(presses.pop(0))
            last_s = now_s
        key.decide(now_s)
        assert key.held or not presses
        if not presses:
            break
        now_s += 0.001
    key.decide(last_s + 0.3)
    assert not key.held
