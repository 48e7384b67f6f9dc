"""Layout of the control block that a port's kernel and Python share: which word holds what, and who writes it.

Words written by different threads lie 128 bytes apart. Python writes with release what the kernel acquires, and
the other way round; the kernel's own words are read by Python only for showing.
"""

from __future__ import annotations

from engine.audio.kernels.ring_layout import LINE_WORDS

# Set before the streams start, then only read.
CAPTURE_RING, INPUT_CHANNELS, INPUT_RATE_HZ = 0, 1, 2
PLAYBACK_RING, OUTPUT_CHANNELS, OUTPUT_RATE_HZ = 3, 4, 5
REFERENCE_RING = 6  # 0: nobody wants to know what was played
FADE_FRAMES = 7

# Written by Python while the streams run.
_PYTHON = LINE_WORDS
DROP_BEFORE = _PYTHON  # playback position: everything before it is to be faded out and dropped
GAIN = _PYTHON + 1  # float64, linear: where the playback gain is to go
EXPECTING = _PYTHON + 2  # 1 while an answer is coming in: only then is an empty ring an underrun
WAKE_AT_CAPTURED = _PYTHON + 3  # capture position from which Python wants to be woken
WAKE_AT_PLAYED = _PYTHON + 4  # playback position from which Python wants to be woken
WAKE_DESCRIPTOR = _PYTHON + 5  # -1: the event loop polls (Windows)
CAPTURE_DESCRIPTOR = _PYTHON + 7  # the same for WAKE_AT_CAPTURED: perhaps a thread's, which waits for it
GAIN_SLOPE = _PYTHON + 6  # float64: most that the playback gain changes in a frame

# Written by the input callback.
_INPUT = 2 * LINE_WORDS
INPUT_CALLS, INPUT_FRAMES, INPUT_OVERFLOW_FRAMES, INPUT_XRUNS, INPUT_LAST_NS = range(_INPUT, _INPUT + 5)
INPUT_PEAK, INPUT_RMS = _INPUT + 5, _INPUT + 6  # float64, of the last block
INPUT_PRIORITY = _INPUT + 7  # the first of the four words of `priority.ask_once`
INPUT_HEARD = _INPUT + 11  # 1 once anything but exact zeros has come
INPUT_AHEAD_NS = _INPUT + 12  # how far the sound has run ahead of the clock
INPUT_LATENCY = _INPUT + 13  # float64, s: from the converter to the last callback, as the device tells; 0: it does not

# Written by the output callback.
_OUTPUT = 4 * LINE_WORDS
OUTPUT_CALLS, OUTPUT_FRAMES, OUTPUT_UNDERRUN_FRAMES, OUTPUT_XRUNS, OUTPUT_LAST_NS = range(_OUTPUT, _OUTPUT + 5)
GAIN_NOW = _OUTPUT + 5  # float64
FADE_FROM, FADE_TO = _OUTPUT + 6, _OUTPUT + 7  # positions; FADE_TO 0: no fade under way
DROPPED_BEFORE = _OUTPUT + 8  # the last DROP_BEFORE that has been carried out
CUTS = _OUTPUT + 9  # how many have been carried out
UNDERRUNS = _OUTPUT + 10  # how often the ring ran empty in the middle of an answer
STARVING = _OUTPUT + 11
REFERENCE_OVERFLOW_FRAMES = _OUTPUT + 12
SOUNDING = _OUTPUT + 13  # 1 if the last frame of the last block came from the ring: only then is there what can fade
FALL_LEFT, RISE_LEFT = _OUTPUT + 14, _OUTPUT + 15  # frames of the fades into a gap and out of it that are still to come
FALL_LEVEL, LAST_LEVEL = _OUTPUT + 16, _OUTPUT + 17  # float64: where the sound broke off; the last block's last frame
OUTPUT_PRIORITY = _OUTPUT + 18  # as INPUT_PRIORITY
OUTPUT_AHEAD_NS = _OUTPUT + 22  # as INPUT_AHEAD_NS
OUTPUT_PEAK = _OUTPUT + 23  # float64, of the last block, after the gain
OUTPUT_LATENCY = _OUTPUT + 24  # as INPUT_LATENCY

# Written by the output callback: the last cuts, three words each (asked position, where it was cut, when).
CUT_LOG = 6 * LINE_WORDS
CUT_LOG_ENTRIES = 8
CUT_LOG_WORDS = 3
CUTS_KEPT = CUT_LOG_ENTRIES - 1  # one entry may be half written

# Written by whichever stream ends.
FINISHED = 10 * LINE_WORDS
UNCLOCKED = FINISHED + 1  # 1 where the device was found to have no clock

WORDS = 11 * LINE_WORDS
NEVER = (1 << 63) - 1
"""A position that is never reached."""
