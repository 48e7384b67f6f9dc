"""Tasks of one client end with it, also those that had not begun."""

from __future__ import annotations

import asyncio
import gc
import warnings

from engine.local.tasks import Tasks


async def answer() -> None:
    """Never end."""
    await asyncio.Event().wait()


async def begin_and_close() -> None:
    """End in the moment in which an answer begins."""
    tasks = Tasks()
    tasks.start(answer())
    await tasks.close()
    assert not len(tasks)


def test_a_task_that_is_closed_before_its_first_step_leaves_no_warning() -> None:
    gc.collect()  # what other tests left has its warnings now, and not below
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        asyncio.run(begin_and_close())
        gc.collect()
    assert not [str(warning.message) for warning in told if "never awaited" in str(warning.message)]
