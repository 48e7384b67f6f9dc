"""Gain: decibels and linear factors."""

from __future__ import annotations


def db_to_linear(gain_db: float) -> float:
    """Linear amplitude factor of a gain in dB; 0 dB is 1.0, -20 dB is 0.1."""
    return float(10.0 ** (gain_db / 20.0))
