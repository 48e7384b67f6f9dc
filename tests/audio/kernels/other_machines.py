"""The kernels' LLVM text compiled for another processor than this one's."""

from __future__ import annotations

import re
from typing import Any

import llvmlite.binding as llvm


def compiled_for(module: str, triple: str, cpu: str) -> tuple[Any, Any]:
    """Return the machine that emits the code, and the module as it sees it."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    text = re.sub(r'target triple = "[^"]*"', f'target triple = "{triple}"', module)
    text = re.sub(r'target datalayout = "[^"]*"\n', "", text)
    # What names this machine's processor would choose instructions the other does not have.
    text = re.sub(r'"target-(cpu|features)"="[^"]*"', "", text)
    machine = llvm.Target.from_triple(triple).create_target_machine(cpu=cpu, opt=3, reloc="pic")
    parsed = llvm.parse_assembly(text)
    parsed.data_layout = str(machine.target_data)
    return machine, parsed
