"""Many command lines for the price of one start: each runs in a process forked from one that has loaded the program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from tests.support.voice_process import VOICE

_PATIENCE_S = 60
_PROGRAM = f"""
import json, os, signal, sys, tempfile
from importlib import import_module
from cli.app import COMMANDS
from cli.main import main
import cli.run.start

for name in COMMANDS:
    import_module("cli.commands." + name)
ended = []
for words in json.load(sys.stdin):
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        child = os.fork()
        if not child:
            for file, descriptor in ((open(os.devnull), 0), (out, 1), (errors, 2)):
                os.dup2(file.fileno(), descriptor)
            signal.alarm({_PATIENCE_S})
            sys.argv = ["voice", *words]
            try:
                sys.exit(main())
            except SystemExit as end:
                sys.stdout.flush()
                os._exit(end.code or 0)  # an interpreter takes 0.3 s to leave
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code == -signal.SIGALRM:
            sys.exit("`voice " + " ".join(words) + "` has not ended within {_PATIENCE_S} s")
        printed = [os.pread(file.fileno(), 1_000_000, 0).decode() for file in (out, errors)]
        ended.append([code, *printed])
print(json.dumps(ended))
"""


def run_lines(lines: Iterable[str], environment: dict[str, str]) -> dict[str, subprocess.CompletedProcess[str]]:
    """Return by command line, without `voice`, how it ended and what it printed; they must not depend on each other.

    A single one, and each where the system cannot fork, has a start of its own.
    """
    lines = list(lines)
    if len(lines) == 1 or not hasattr(os, "fork"):

        def run(line: str) -> subprocess.CompletedProcess[str]:
            command, nothing = [VOICE, *line.split()], subprocess.DEVNULL
            return subprocess.run(
                command,
                env=environment,
                stdin=nothing,
                capture_output=True,
                text=True,
                check=False,
                timeout=_PATIENCE_S,
            )

        with ThreadPoolExecutor(2) as pool:
            return dict(zip(lines, pool.map(run, lines), strict=True))
    all_words = json.dumps([line.split() for line in lines])
    found = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        env=environment,
        input=all_words,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    ended = json.loads(found.stdout)
    return {
        line: subprocess.CompletedProcess(["voice", *line.split()], *each)
        for line, each in zip(lines, ended, strict=True)
    }
