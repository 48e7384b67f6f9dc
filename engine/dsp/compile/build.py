"""The compiler of kernels: every function that a `kernels` module declares, linked into one object file.

Run in a child process by `library`: numba and what it brings (150 MB, a second of imports) stay out of the program.
Their modules are linked, everything but the exported functions is made internal, and one optimisation pass deletes
numba's error paths, and with them every Python symbol. Only public APIs of numba and llvmlite are used.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
from numba import cfunc, config

from engine.dsp.compile.cache import BEGINNING, kernel_sources
from engine.dsp.compile.host import processor

_ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Compiled:
    """One exported function, compiled in this process."""

    function: Any
    """numba's; it must live as long as its address is known."""
    types: list[str]
    """Types of the result and the arguments, by numba's names."""


def exported() -> Iterator[tuple[str, Any]]:
    """Yield the name and the dispatcher of each function that is a kernel."""
    for source in kernel_sources():
        module = importlib.import_module(".".join(source.relative_to(_ROOT).with_suffix("").parts))
        for name, value in vars(module).items():
            if hasattr(value, "c_signature") and value.__module__ == module.__name__:
                yield name, value


def compile_here() -> dict[str, Compiled]:
    """Compile every kernel to a C function of this process."""
    compiled = {}
    for name, dispatcher in exported():
        options = {key: dispatcher.targetoptions[key] for key in ("error_model", "boundscheck", "fastmath")}
        function = cfunc(dispatcher.c_signature, **options)(dispatcher.py_func)
        result, _, arguments = dispatcher.c_signature.rstrip(")").partition("(")
        compiled[name] = Compiled(function, [name.strip() for name in (result, *arguments.split(",")) if name])
    return compiled


def link(compiled: dict[str, Compiled]) -> llvm.ModuleRef:
    """Put all functions into one LLVM module in which only they are visible, under their own names."""
    module = llvm.parse_assembly("")
    for name, one in compiled.items():
        part = llvm.parse_assembly(one.function.inspect_llvm())
        part.get_function(one.function.native_name).name = name
        module.link_in(part)
    for value in [*module.functions, *module.global_variables]:
        if not value.is_declaration and value.name not in compiled:
            value.linkage = "internal"
    return module


def optimise(module: llvm.ModuleRef) -> llvm.TargetMachine:
    """Run one pass over the whole module for this machine; return the machine."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    cpu, features = processor()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=config.CPU_NAME or cpu,
        features=config.CPU_FEATURES or features,
        opt=3,
        reloc="default",
        codemodel="jitdefault",
        jit=True,
    )
    passes = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(3))
    passes.getModulePassManager().run(module, passes)
    return machine


def build() -> bytes:
    """Compile, link and optimise every kernel; return a line of JSON and the object file.

    The JSON names each function's types, and the functions of the C library that they call.
    """
    compiled = compile_here()
    module = link(compiled)
    object_code: bytes = optimise(module).emit_object(module)
    called = [one.name for one in module.functions if one.is_declaration and not one.name.startswith("llvm.")]
    header = {"functions": {name: one.types for name, one in compiled.items()}, "calls": called}
    return json.dumps(header).encode() + b"\n" + object_code


def main() -> None:
    """Write the kernels to standard output, and whatever else is printed meanwhile to standard error."""
    output = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    with os.fdopen(output, "wb") as file:
        file.write(BEGINNING + build())
