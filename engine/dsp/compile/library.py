"""The compiled kernels as Python calls them: by address, with the interpreter's lock held.

    from engine.dsp.compile.library import library

    library().ring_put(ring_address, samples.ctypes.data, samples.size)

A call costs half a microsecond. The lock is kept so that no busy thread gets in between: taking it back from one takes
up to 5 ms. Addresses are taken as they are: whoever calls sees to it that the memory is there, and large enough.
"""

from __future__ import annotations

import ctypes
import functools
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm

from engine.dsp.compile.cache import BEGINNING, keep, kept, kernel_file, wanted_folder
from engine.dsp.compile.host import description, lacks, name_system_functions, require_lock
from engine.redaction import without_keys

_log = logging.getLogger(__name__)
_C_TYPES: Mapping[str, Any] = {
    "void": None,
    "int32": ctypes.c_int32,
    "uint32": ctypes.c_uint32,
    "int64": ctypes.c_int64,
    "uint64": ctypes.c_uint64,
    "float64": ctypes.c_double,
}
_ROOT = Path(__file__).resolve().parents[3]
_BUILD = f"import sys; sys.path.append({str(_ROOT)!r}); from engine.dsp.compile.build import main; main()"
_BUILD_S = 600.0
"""Longest time that the compiler is given; it takes 5 s on a desktop, and a minute on a small board."""
_NOWHERE = "and not kept: there is no folder that only you can write to (VOICE_CACHE_DIR names one)"


class Library:
    """Kernels by name: each is a function of plain numbers."""

    def __init__(
        self, functions: Mapping[str, list[str]], addresses: Mapping[str, int], owner: object, file: Path | None = None
    ) -> None:
        self.addresses = dict(addresses)
        """Address of each function, for a device's library."""
        self.file = file
        """The file that keeps them; None where they must be compiled at every start."""
        self._owner = owner
        for name, (result, *arguments) in functions.items():
            prototype = ctypes.PYFUNCTYPE(_C_TYPES[result], *(_C_TYPES[argument] for argument in arguments))
            setattr(self, name, prototype(addresses[name]))

    def for_callbacks(self, name: str) -> Any:
        """Return a kernel as a function that `c_callback` compiles a call of: it takes no lock of the interpreter."""
        kernel = getattr(self, name)
        return ctypes.CFUNCTYPE(kernel.restype, *kernel.argtypes)(self.addresses[name])

    def __getattr__(self, name: str) -> Callable[..., Any]:
        raise AttributeError(f"There is no kernel {name!r}.")


_lock = threading.RLock()
_loaded: Library | None = None


def library() -> Library:
    """Return the kernels, loaded or compiled by the first call."""
    return _loaded or load_kernels()


def load_kernels(announce: Callable[[str], None] = _log.info) -> Library:
    """Load the kernels, and compile them before if this machine has not yet: once, for some seconds.

    Args:
        announce: Given a sentence before they are compiled, and one afterwards.

    Raises:
        LibraryMissingError: this Python has no such lock.
    """
    global _loaded  # noqa: PLW0603 - one library in a process, as its code lies at one address
    with _lock:
        if _loaded is None:
            require_lock()
            _loaded = _load_kept() or _compile(announce)
        return _loaded


@functools.cache
def _file_name() -> str:
    return kernel_file(description())


def _load_kept() -> Library | None:
    loaded = (_link(content, path) for path, content in kept(_file_name()))
    return next(filter(None, loaded), None)


def _link(content: bytes, path: Path | None) -> Library | None:
    """Load what `build` made; None where it is something else, or this machine cannot load it."""
    header, _, object_code = content.partition(b"\n")
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    name_system_functions()
    target = llvm.Target.from_default_triple()
    machine = target.create_target_machine(opt=0, jit=True, reloc="default", codemodel="jitdefault")
    try:
        fields = json.loads(header)
        functions: dict[str, list[str]] = fields["functions"]
        if missing := lacks(fields["calls"]):
            raise RuntimeError(f"this system has no {', '.join(missing)}")
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
        engine.add_object_file(llvm.object_file.ObjectFileRef.from_data(object_code))
        engine.finalize_object()
    except (RuntimeError, ValueError, KeyError, TypeError) as error:
        _log.debug("The object file of the kernels is refused: %s", error)
        return None
    addresses = {name: engine.get_function_address(name) for name in functions}
    return Library(functions, addresses, engine, path) if all(addresses.values()) else None


def _compile(announce: Callable[[str], None]) -> Library:
    announce("Compiling the audio kernels, once for this machine; it takes about ten seconds ...")
    began_s = time.monotonic()
    content = _built_by_a_child()
    if content is not None and (loaded := _link(content, None)) is not None:
        loaded.file = keep(_file_name(), content)
        where = f"kept in {loaded.file.parent}" if loaded.file else _NOWHERE
        if loaded.file and loaded.file.parent != wanted_folder():
            where += f" because {wanted_folder()} is no folder that only you can write to"
        announce(f"Compiled in {time.monotonic() - began_s:.1f} s, {where}.")
        return loaded
    announce("The compiled kernels cannot be loaded here: numba compiles them in this process, at every start.")
    return _compiled_here()


def _built_by_a_child() -> bytes | None:
    if not sys.executable or getattr(sys, "frozen", False):
        return None  # there is no interpreter to start: the program would start itself
    command = [sys.executable, "-P", "-c", _BUILD]
    try:
        run = subprocess.run(
            command,
            env={**without_keys(os.environ), "NUMBA_DISABLE_JIT": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_BUILD_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        _log.warning("The process that compiles the kernels failed: %s", error)
        return None
    if run.returncode != 0:
        said = run.stderr.decode(errors="replace").strip().splitlines() or [f"exit code {run.returncode}"]
        _log.warning("The process that compiles the kernels failed: %s", said[-1])
        return None
    return run.stdout.partition(BEGINNING)[2]


def _compiled_here() -> Library:
    from engine.dsp.compile.build import compile_here  # noqa: PLC0415 - imports numba

    compiled = compile_here()
    addresses = {name: one.function.address for name, one in compiled.items()}
    return Library({name: one.types for name, one in compiled.items()}, addresses, compiled)
