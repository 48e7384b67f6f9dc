"""The distributions in this folder have tests of their own, which run where the distribution is installed."""

collect_ignore = ["voice-miniaudio"]
