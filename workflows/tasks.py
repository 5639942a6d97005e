"""Background tasks of a run, whose outcome is awaited later or never."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from temporalio import workflow

Done = TypeVar("Done")


def background(work: Awaitable[Done]) -> "asyncio.Future[Done]":
    """Start a background task; its outcome is in the returned future."""
    task = asyncio.ensure_future(work)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task


def fire_and_forget(work: Awaitable[object]) -> None:
    """Start a background task that nothing awaits; an error in it is logged."""

    def note(done: "asyncio.Future[object]") -> None:
        if not done.cancelled() and (error := done.exception()):
            log_mistake(error)

    asyncio.ensure_future(work).add_done_callback(note)


def log_mistake(error: BaseException) -> None:
    """Log the type and place of an error, but not its text, which may hold personal data."""
    at = error.__traceback__
    while at and at.tb_next:
        at = at.tb_next
    where = f"{at.tb_frame.f_code.co_qualname}:{at.tb_lineno}" if at else "no place"
    workflow.logger.error("the workflow raised %s in %s", type(error).__name__, where)
