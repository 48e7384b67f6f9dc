"""The file of compiled kernels: whatever is wrong with it or its folder, the program works and says one sentence."""

from __future__ import annotations

import ctypes
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.audio.port.audio_port import AudioPort
from engine.dsp.compile import cache, library, ownership
from engine.dsp.resample import make_resampler
from tests.support.full_disk import disk_of

NAME = library._file_name()
_COMPILED_HERE = """
import sys
from engine.dsp.compile import library
from tests.dsp.test_kernel_file import sound
library._load_kept = library._built_by_a_child = lambda: None
heard = sound()
assert library.load_kernels().file is None
sys.stdout.buffer.write(heard.tobytes())
"""


@pytest.fixture(scope="module")
def kernels() -> bytes:
    """The file that this machine compiled."""
    library.load_kernels()
    return next(content for _, content in cache.kept(NAME))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache of its own, and no other; as in a process that has loaded nothing yet."""
    for name in ("VOICE_CACHE_DIR", "XDG_CACHE_HOME", "TMPDIR"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr(library, "_loaded", None)
    _forget_owners()
    yield tmp_path
    _forget_owners()


def _forget_owners() -> None:
    if sys.platform != "win32":
        ownership.is_ours.cache_clear()


def start(monkeypatch: pytest.MonkeyPatch, built: bytes | None) -> tuple[library.Library, list[str]]:
    """Load the kernels, with a compiler that gives what it is told to; return them and what was said."""
    monkeypatch.setattr(library, "_built_by_a_child", lambda: built)
    said: list[str] = []
    return library.load_kernels(said.append), said


def works(kernels: library.Library) -> bool:
    """Whether half of full scale becomes half of 16 bits."""
    samples, pcm = np.full(480, 0.5, np.float32), np.zeros(480, np.int16)
    kernels.float32_to_pcm16(samples.ctypes.data, pcm.ctypes.data, 480)
    return bool((pcm == 16384).all())


def broken(content: bytes, how: str) -> bytes:
    """A file in which something is wrong."""
    middle = len(content) // 2
    return {
        "truncated": content[:middle],
        "empty": b"",
        "one bit flipped": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
    }[how]


@pytest.mark.parametrize("how", ["truncated", "empty", "one bit flipped", "of other sources"])
def test_a_file_that_is_not_right_is_made_anew(
    folder: Path, monkeypatch: pytest.MonkeyPatch, kernels: bytes, how: str
) -> None:
    path = cache.keep("of another name" if how == "of other sources" else NAME, kernels)
    assert path is not None
    whole = path.read_bytes()
    if how == "of other sources":
        path = path.rename(folder / NAME)
        whole = b""
    else:
        path.write_bytes(broken(whole, how))
    loaded, said = start(monkeypatch, kernels)
    assert works(loaded)
    assert [sentence.split()[0] for sentence in said] == ["Compiling", "Compiled"]
    assert path.read_bytes() == whole or how == "of other sources"
    assert [content for _, content in cache.kept(NAME)] == [kernels]


def test_a_file_that_is_right_is_loaded_without_a_word(
    folder: Path, monkeypatch: pytest.MonkeyPatch, kernels: bytes
) -> None:
    cache.keep(NAME, kernels)
    loaded, said = start(monkeypatch, None)
    assert works(loaded)
    assert said == []
    assert loaded.file == folder / NAME


@pytest.mark.parametrize("failing", ["the compiler", "LLVM"])
def test_where_nothing_can_be_loaded_numba_compiles_here_and_it_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch, kernels: bytes, failing: str
) -> None:
    def refuse(self: object, file: object) -> None:
        raise RuntimeError("no such format")

    if failing == "LLVM":
        monkeypatch.setattr("llvmlite.binding.executionengine.ExecutionEngine.add_object_file", refuse)
    monkeypatch.setattr("engine.dsp.compile.build.kernel_sources", lambda: [folder_of_kernels() / "pcm16.py"])
    loaded, said = start(monkeypatch, kernels if failing == "LLVM" else None)
    assert works(loaded)
    assert loaded.file is None
    assert said[1:] == [
        "The compiled kernels cannot be loaded here: numba compiles them in this process, at every start."
    ]


@pytest.mark.long
def test_a_port_and_a_resampler_work_with_kernels_that_are_compiled_in_their_own_process() -> None:
    run = subprocess.run([sys.executable, "-c", _COMPILED_HERE], capture_output=True, check=True)
    assert np.frombuffer(run.stdout, np.float32) == pytest.approx(sound(), abs=1e-5)


def sound() -> NDArray[np.float32]:
    """Return noise as a port plays it, followed by what a resampler makes of it."""
    port, noise = AudioPort(), np.random.default_rng(1).uniform(-1, 1, 4800).astype(np.float32)
    port.attach_output(24000, 1)
    assert port.playback is not None
    port.playback.put(noise)
    played = np.empty((noise.size, 1), np.float32)
    port.process(None, played)
    resampler = make_resampler(24000, 44100)
    return np.concatenate([played[:, 0], resampler.process(played[:, 0].copy()), resampler.flush()])


def folder_of_kernels() -> Path:
    """Folder of kernels over plain samples, of which a single one compiles quickly."""
    return Path(cache.__file__).parents[1] / "kernels"


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root may give folders to a group")
@pytest.mark.parametrize("mode", [0o777, 0o770])
def test_a_folder_that_others_can_write_to_is_not_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch, kernels: bytes, mode: int
) -> None:
    """Nor one in it: who may write to the parent may put another folder in its place."""
    if sys.platform == "win32":
        pytest.skip("no modes of files")
    open_to_all = folder / "open"
    (open_to_all / "mine").mkdir(parents=True)
    open_to_all.chmod(mode)
    os.chown(open_to_all, -1, 65534)
    for name in ("VOICE_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(open_to_all / "mine"))
    (open_to_all / "mine" / NAME).write_bytes(b"somebody's code")
    loaded, said = start(monkeypatch, kernels)
    assert works(loaded)
    assert loaded.file is not None
    assert open_to_all not in loaded.file.parents
    assert said[1].startswith("Compiled in")


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root may give folders away")
def test_a_folder_whose_parent_belongs_to_somebody_else_is_not_used(folder: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("no owners of Unix")
    theirs = folder / "voice-alice"
    theirs.mkdir()
    os.chown(theirs, 65534, 65534)
    assert not ownership.is_ours(theirs / "kernels")


def test_what_lies_in_the_folder_to_fall_back_to_does_not_keep_a_good_one_empty(
    folder: Path, monkeypatch: pytest.MonkeyPatch, kernels: bytes
) -> None:
    (folder / "blocked").touch()
    monkeypatch.setenv("VOICE_CACHE_DIR", str(folder / "blocked" / "cache"))
    loaded, said = start(monkeypatch, kernels)
    assert loaded.file is not None
    assert folder / "temporary" in loaded.file.parents
    assert "blocked" in said[1], "why not where it was wanted"
    monkeypatch.setenv("VOICE_CACHE_DIR", str(folder / "good"))
    monkeypatch.setattr(library, "_loaded", None)
    assert start(monkeypatch, kernels)[0].file == folder / "good" / NAME


def test_a_link_is_followed_once_when_its_folder_is_looked_at(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever owns the link may point it at another folder afterwards."""
    mine, other, link = folder / "mine", folder / "other", folder / "link"
    mine.mkdir()
    other.mkdir()
    link.symlink_to(mine)
    monkeypatch.setenv("VOICE_CACHE_DIR", str(link))
    assert cache.cache_folders()[0] == mine
    before = cache.cache_folders()
    link.unlink()
    link.symlink_to(other)
    other.chmod(0o777)
    assert before[0] == mine
    assert other not in cache.cache_folders()


def test_old_files_are_removed_when_another_is_kept(folder: Path) -> None:
    for name in ("kernels-old.o", "filters-1-2-old"):
        (folder / name).touch()
        os.utime(folder / name, (0, 0))
    cache.keep(NAME, b"new")
    assert [path.name for path in folder.iterdir() if path.is_file()] == [NAME]


@pytest.mark.parametrize("content", [b"", b"hello\n", b'{"functions": {}}\n', b"[]\n"])
def test_what_the_compiler_did_not_write_is_not_loaded(
    folder: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    assert library._link(content, None) is None


def test_a_file_that_calls_what_this_system_lacks_is_not_loaded(kernels: bytes) -> None:
    header, _, object_code = kernels.partition(b"\n")
    fields = {**json.loads(header), "calls": ["a_function_of_another_c_library"]}
    assert library._link(json.dumps(fields).encode() + b"\n" + object_code, None) is None
    assert "clock_gettime" in json.loads(header)["calls"]


def test_what_is_printed_while_kernels_are_compiled_is_none_of_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    program = (
        "print('hello'); import sys; sys.stdout.flush(); from engine.dsp.compile import build as b\n"
        "b.build = lambda: print('compiling') or b'kernels'; b.main(); print('done')"
    )
    monkeypatch.setattr(library, "_BUILD", program)
    monkeypatch.setenv("PYTHONPATH", str(Path(cache.__file__).parents[3]))
    assert library._built_by_a_child() == b"kernels"


@pytest.mark.parametrize("executable", ["", None])
def test_a_program_without_an_interpreter_starts_none(monkeypatch: pytest.MonkeyPatch, executable: str | None) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    assert library._built_by_a_child() is None
    monkeypatch.undo()
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert library._built_by_a_child() is None


def test_why_the_compiler_failed_is_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(library, "_BUILD", "raise ImportError('no numba here')")
    assert library._built_by_a_child() is None
    assert "no numba here" in caplog.text


def test_without_a_folder_the_program_works_and_says_that_nothing_is_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch, kernels: bytes
) -> None:
    (folder / "file").write_text("no folder")
    for name in ("VOICE_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(folder / "file" / "cache"))
    monkeypatch.setattr("tempfile.tempdir", str(folder / "file"))
    loaded, said = start(monkeypatch, kernels)
    assert works(loaded)
    assert "not kept" in said[1]


def test_a_full_disk_leaves_no_half_file(folder: Path, monkeypatch: pytest.MonkeyPatch, kernels: bytes) -> None:
    with disk_of(1000):
        loaded, said = start(monkeypatch, kernels)
    assert works(loaded)
    assert "not kept" in said[1]
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_another_compiler_or_processor_has_a_file_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {cache.kernel_file(cpu) for cpu in ("skylake+avx2", "znver4+avx512f")}
    for package in ("numba", "llvmlite"):
        monkeypatch.setattr(cache, "version", lambda name, package=package: "99.0" if name == package else "1.0")
        keys.add(cache.kernel_file("skylake+avx2"))
    monkeypatch.setenv("NUMBA_CPU_FEATURES", "-avx512f")
    keys.add(cache.kernel_file("skylake+avx2"))
    assert len(keys) == 5


def test_who_calls_without_preparing_finds_it_in_the_log(
    folder: Path, monkeypatch: pytest.MonkeyPatch, kernels: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(library, "_built_by_a_child", lambda: kernels)
    with caplog.at_level(logging.INFO, "engine.dsp.compile.library"):
        assert works(library.library())
    assert [record.message.split()[0] for record in caplog.records] == ["Compiling", "Compiled"]


def test_an_unknown_kernel_is_an_attribute_error_and_a_wrong_argument_a_type_error() -> None:
    with pytest.raises(AttributeError, match="no kernel 'ring_pot'"):
        library.library().ring_pot(0)
    with pytest.raises(ctypes.ArgumentError):
        library.library().ring_head("x")


def test_numba_is_not_imported_where_the_kernels_are_kept() -> None:
    library.load_kernels()
    program = (
        "import sys; sys.argv = ['voice', 'run', '--backend', 'virtual', '--provider', 'local', '--duration', '0.3']\n"
        "from cli.main import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end\n"
        "print(sorted(name for name in sys.modules if name.split('.')[0] == 'numba'), file=sys.stderr)\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120)
    assert run.returncode == 0, run.stderr
    assert run.stderr.splitlines()[-1] == "[]"


def test_one_module_writes_llvm_and_none_reads_python_objects() -> None:
    engine = Path(cache.__file__).parents[2]
    words = ("ctypes.pythonapi", "from_address", "PyCFunction", "ir.IntType")
    found = [path.name for path in engine.rglob("*.py") if any(word in path.read_text("utf-8") for word in words)]
    assert found == ["intrinsics.py"]
