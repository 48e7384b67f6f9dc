"""G.711 against the recommendation: its tables whole, by their digests, and its best-known values one by one."""

from __future__ import annotations

import hashlib
import importlib
import sys

import numpy as np
import pytest

from engine.dsp.g711 import Law, decode, encode

EVERY_SAMPLE = np.arange(-32768, 32768).astype(np.int16)
EVERY_CODE = np.arange(256).astype(np.uint8)
CODED = {
    Law.MU: "81d633c9e6972a18c74a58720b96cb8ca0bdd096d4060b646dd708c3b846019a",
    Law.A: "38488f6fd710f4686360edc4d38639f96c491595ef93f8eb8d62d5e07ca6ce7b",
}
DECODED = {
    Law.MU: "3dab54339e520bb2c924826e3b72a917a2b612e9fd12fc867500f1d983a75827",
    Law.A: "e04788d110e58ff8c70c93b8480190d973e3b67876b6119abbaec766cc75c174",
}
"""SHA-256 of all 65536 codes and all 256 levels (little-endian), as audioop of Python 3.11 made them."""


@pytest.mark.parametrize("law", Law)
def test_every_sample_and_every_code_are_those_of_the_tables(law: Law) -> None:
    assert hashlib.sha256(encode(EVERY_SAMPLE, law).tobytes()).hexdigest() == CODED[law]
    assert hashlib.sha256(decode(EVERY_CODE, law).astype("<i2").tobytes()).hexdigest() == DECODED[law]


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="Python has no audioop any more")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_it_codes_as_audioop_does() -> None:
    audioop = importlib.import_module("audioop")
    samples, codes = EVERY_SAMPLE.tobytes(), EVERY_CODE.tobytes()
    assert encode(EVERY_SAMPLE, Law.MU).tobytes() == audioop.lin2ulaw(samples, 2)
    assert encode(EVERY_SAMPLE, Law.A).tobytes() == audioop.lin2alaw(samples, 2)
    assert decode(EVERY_CODE, Law.MU).tobytes() == audioop.ulaw2lin(codes, 2)
    assert decode(EVERY_CODE, Law.A).tobytes() == audioop.alaw2lin(codes, 2)


@pytest.mark.parametrize(
    ("law", "sample", "code", "level"),
    [
        (Law.MU, 0, 0xFF, 0),
        (Law.MU, 32767, 0x80, 32124),
        (Law.MU, -32768, 0x00, -32124),
        (Law.MU, 8, 0xFE, 8),
        (Law.A, 0, 0xD5, 8),
        (Law.A, 32767, 0xAA, 32256),
        (Law.A, -32768, 0x2A, -32256),
        (Law.A, -1, 0x55, -8),
    ],
)
def test_the_ends_and_the_middle(law: Law, sample: int, code: int, level: int) -> None:
    assert encode(np.array([sample], np.int16), law)[0] == code
    assert decode(np.array([code], np.uint8), law)[0] == level


@pytest.mark.parametrize("law", Law)
def test_what_is_decoded_codes_to_itself_and_errs_by_half_a_step(law: Law) -> None:
    levels = decode(EVERY_CODE, law)
    back = encode(levels, law)
    # Mu-law has two codes for zero.
    assert set(EVERY_CODE[back != EVERY_CODE].tolist()) <= {0x7F}
    coded = decode(encode(EVERY_SAMPLE, law), law).astype(np.int64)
    error = np.abs(coded - EVERY_SAMPLE)
    inside = np.abs(EVERY_SAMPLE.astype(np.int64)) <= 32000
    # Half a step is at most a 32nd of the value, or half the smallest step with what PCM16 has finer than the law.
    assert np.all(error[inside] <= np.maximum(np.abs(EVERY_SAMPLE.astype(np.int64)[inside]) / 32 + 8, 16))


@pytest.mark.parametrize("law", Law)
def test_nothing_is_nothing(law: Law) -> None:
    assert encode(np.empty(0, np.int16), law).size == decode(np.empty(0, np.uint8), law).size == 0
