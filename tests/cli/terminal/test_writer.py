"""Text for a stream that takes nothing: whoever writes goes on, and what is lost is counted."""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Iterator

import pytest

from cli.terminal import writer as module
from cli.terminal.writer import BackgroundWriter

LINE = "x" * 999 + "\n"


@pytest.fixture
def pipe() -> Iterator[tuple[int, io.TextIOWrapper]]:
    """The end of a pipe that nobody reads from yet, and a text stream into it."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        yield reading, stream
    os.close(reading)


def read_all(descriptor: int) -> str:
    data = b""
    while chunk := os.read(descriptor, 1 << 16):
        data += chunk
    return data.decode()


def test_a_reader_who_takes_nothing_keeps_nobody_waiting(
    pipe: tuple[int, io.TextIOWrapper], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 200 * len(LINE))
    reading, stream = pipe
    writer = BackgroundWriter(stream)
    for _ in range(500):
        writer.write(LINE)
    assert writer.dropped >= 200  # a pipe of Linux holds 64 kB
    kept = 500 - writer.dropped
    text = os.read(reading, 1 << 20).decode()
    writer.close(0.2)
    assert 0 < len(text) <= kept * len(LINE)
    assert set(text) == set(LINE)
    assert writer.dropped < 500


def test_everything_is_written_in_order_before_the_end(pipe: tuple[int, io.TextIOWrapper]) -> None:
    reading, stream = pipe
    writer = BackgroundWriter(stream)
    texts = [f"{number} {LINE}" for number in range(1000)]
    found: list[str] = []
    reader = threading.Thread(target=lambda: found.append(read_all(reading)))
    reader.start()
    for text in texts:
        writer.write(text)
    writer.close()
    stream.close()
    reader.join()
    assert found == ["".join(texts)]
    assert writer.dropped == 0


def test_a_descriptor_that_does_not_block_is_waited_for(pipe: tuple[int, io.TextIOWrapper]) -> None:
    if sys.platform == "win32":
        pytest.skip("a descriptor of Unix may not block")
    reading, stream = pipe
    os.set_blocking(stream.fileno(), False)
    writer = BackgroundWriter(stream)
    for _ in range(300):
        writer.write(LINE)
    found: list[str] = []
    reader = threading.Thread(target=lambda: found.append(read_all(reading)))
    reader.start()
    writer.close()
    stream.close()
    reader.join()
    assert found == [LINE * 300]


def test_a_reader_who_leaves_is_told_of_once() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    failed: list[OSError] = []
    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        writer = BackgroundWriter(stream, failed.append)
        for _ in range(3):
            writer.write(LINE)
        writer.close()
        writer.write(LINE)
    assert [type(error) for error in failed] == [BrokenPipeError]
    assert isinstance(writer.error, BrokenPipeError)
    assert writer.dropped == 4


def test_a_character_that_the_stream_cannot_show_is_replaced() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "w", encoding="ascii") as stream:
        writer = BackgroundWriter(stream)
        writer.write("Привет!\n")
        writer.close()
    assert read_all(reading) == "??????!\n"
    os.close(reading)
