"""The audio thread's kernels as they compile for arm64, whose memory is weakly ordered, and for x86-64."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import llvmlite.binding as llvm
import pytest

_DUMP = """
import json
from engine.audio import callback, ring
print(json.dumps({
    "callback": callback.stream_callback.inspect_llvm(),
    "put": next(iter(ring.ring_put.inspect_llvm().values())),
    "get": next(iter(ring.ring_get.inspect_llvm().values())),
}))
"""


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """LLVM text, compiled afresh: numba shows none for code from its cache."""
    environment = {**os.environ, "VOICE_CACHE_DIR": str(tmp_path_factory.mktemp("kernels"))}
    run = subprocess.run([sys.executable, "-c", _DUMP], env=environment, capture_output=True, text=True, check=True)
    modules: dict[str, str] = json.loads(run.stdout)
    return modules


def assembly(module: str, triple: str, cpu: str) -> str:
    """Compile LLVM text for another machine."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    text = re.sub(r'target triple = "[^"]*"', f'target triple = "{triple}"', module)
    text = re.sub(r'target datalayout = "[^"]*"\n', "", text)
    # What names this machine's processor would choose instructions the other does not have.
    text = re.sub(r'"target-(cpu|features)"="[^"]*"', "", text)
    # numba puts its reference counting into every module. It is written for this machine, and nothing here uses it:
    # a call of it would now be a call of nothing.
    text = re.sub(r"^define linkonce_odr void @NRT_decref.*?^}\n", "", text, flags=re.DOTALL | re.MULTILINE)
    machine = llvm.Target.from_triple(triple).create_target_machine(cpu=cpu, opt=3)
    parsed = llvm.parse_assembly(text)
    parsed.data_layout = str(machine.target_data)
    return str(machine.emit_assembly(parsed))


@pytest.mark.parametrize("name", ["callback", "put", "get"])
def test_arm64_acquires_and_releases_in_single_instructions(modules: dict[str, str], name: str) -> None:
    text = assembly(modules[name], "aarch64-unknown-linux-gnu", "generic")
    assert re.search(r"\bld(ar|apr)\b", text)
    assert re.search(r"\bstlr\b", text)
    assert "__atomic_" not in text
    assert not re.search(r"\bdmb\b", text)


@pytest.mark.parametrize("name", ["callback", "put", "get"])
def test_x86_64_needs_plain_moves_only(modules: dict[str, str], name: str) -> None:
    text = assembly(modules[name], "x86_64-unknown-linux-gnu", "x86-64")
    assert "__atomic_" not in text
    assert not re.search(r"\b(lock|mfence|xchg[qlb]?)\b", text)
