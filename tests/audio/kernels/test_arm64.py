"""The audio thread's kernels as they compile for arm64, whose memory is weakly ordered, and for x86-64."""

from __future__ import annotations

import re

import llvmlite.binding as llvm


def assembly(module: str, triple: str, cpu: str) -> str:
    """Compile LLVM text for another machine."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    text = re.sub(r'target triple = "[^"]*"', f'target triple = "{triple}"', module)
    text = re.sub(r'target datalayout = "[^"]*"\n', "", text)
    # What names this machine's processor would choose instructions the other does not have.
    text = re.sub(r'"target-(cpu|features)"="[^"]*"', "", text)
    machine = llvm.Target.from_triple(triple).create_target_machine(cpu=cpu, opt=3)
    parsed = llvm.parse_assembly(text)
    parsed.data_layout = str(machine.target_data)
    return str(machine.emit_assembly(parsed))


def test_arm64_acquires_and_releases_in_single_instructions(kernel_ir: dict[str, str]) -> None:
    text = assembly(kernel_ir["optimised"], "aarch64-unknown-linux-gnu", "generic")
    # Each acquire and each release of the module is one instruction, and there is no other barrier.
    acquires = len(re.findall(r"load atomic i64, [^\n]* acquire", kernel_ir["optimised"]))
    releases = len(re.findall(r"store atomic i64 [^\n]* release", kernel_ir["optimised"]))
    assert min(acquires, releases) >= 6
    assert len(re.findall(r"\bld(?:ar|apr)\b", text)) >= acquires
    assert len(re.findall(r"\bstlr\b", text)) >= releases
    assert "__atomic_" not in text
    assert not re.search(r"\bdmb\b", text)


def test_x86_64_needs_plain_moves_only(kernel_ir: dict[str, str]) -> None:
    text = assembly(kernel_ir["optimised"], "x86_64-unknown-linux-gnu", "x86-64")
    assert "__atomic_" not in text
    assert not re.search(r"\b(lock|mfence|xchg[qlb]?)\b", text)
