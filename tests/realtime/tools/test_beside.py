"""Async tools that were loaded by name, in a loop beside the session's."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path

from engine.realtime.tools.beside import LoopBeside


async def test_a_loop_that_is_over_holds_nothing() -> None:
    async def here() -> tuple[asyncio.AbstractEventLoop, threading.Thread]:
        return asyncio.get_running_loop(), threading.current_thread()

    beside = LoopBeside()
    loop, thread = await beside.run(here())
    await beside.close(patience_s=10.0)
    thread.join(10.0)
    assert loop.is_closed()
    await beside.close(patience_s=10.0)


def test_async_tools_loaded_by_name_stop_neither_the_loop_nor_the_end(tmp_path: Path) -> None:
    """One blocks for ever, one swallows its cancellation; two share what belongs to their loop."""
    (tmp_path / "bad_tools.py").write_text(
        "import asyncio, threading\n"
        "from engine.realtime.tools.tool import tool\n"
        "loops = []\n"
        "async def first() -> str:\n"
        "    loops.append(asyncio.get_running_loop())\n"
        "    return 'one'\n"
        "async def second() -> bool:\n"
        "    return loops == [asyncio.get_running_loop()]\n"
        "@tool(timeout_s=0.1)\n"
        "async def stubborn():\n"
        "    while True:\n"
        "        try:\n"
        "            await asyncio.sleep(1)\n"
        "        except asyncio.CancelledError:\n"
        "            pass\n"
        "@tool(timeout_s=0.1)\n"
        "async def blocking():\n"
        "    threading.Event().wait()\n"
        "TOOLS = [first, second, stubborn, blocking]\n"
    )
    program = (
        "import asyncio\n"
        "from engine.realtime.conversation.actions import ToolCall\n"
        "from engine.realtime.tools.loading import load_tools\n"
        "from engine.realtime.tools.runner import ToolRunner\n"
        "async def main():\n"
        "    runner = ToolRunner(load_tools('bad_tools:TOOLS'))\n"
        "    for name in ('first', 'second', 'stubborn', 'blocking'):\n"
        "        print((await runner.run(ToolCall('1', name, ''))).output)\n"
        "    await runner.finish()\n"
        "asyncio.run(main())\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    no_answer = '{"error": "The tool gave no answer within 0.1 s."}'
    assert run.stdout.splitlines() == ["one", "true", no_answer, no_answer]
    assert (run.returncode, run.stderr) == (0, "")
