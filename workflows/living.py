"""How a story is told to its end: its chapters, and what runs beside them."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager

from temporalio import workflow
from temporalio.exceptions import is_cancelled_exception

from workflows.story import AnyStory, Left

Chapter = Callable[[], Coroutine[None, None, None]]


async def live(story: AnyStory, way: Chapter, *beside: Chapter) -> None:
    """Until the story is over. A failure is a hold, a cancellation a wish: neither is an end."""
    with alongside(story, *beside):
        while not story.is_over:
            try:
                await story.turn_page()
                await way()
                await story.told()
            except Left:
                continue
            except asyncio.CancelledError:
                if workflow.cancellation_reason() is None:
                    raise  # the worker is forgetting us, nobody asked
                story.cancelled_by_temporal()
            except Exception as failure:  # noqa: BLE001 - no story ends failed
                story.hold(failure)


@contextmanager
def alongside(story: AnyStory, *chapters: Chapter) -> Iterator[None]:
    """Chapters that run while the story is told, and end with it."""
    tasks = [asyncio.create_task(_steadily(story, chapter)) for chapter in chapters]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()


async def _steadily(story: AnyStory, chapter: Chapter) -> None:
    """A chapter that breaks is a hold like any failure, and begins again when something has changed."""
    while True:
        try:
            return await chapter()
        except Exception as failure:  # noqa: BLE001 - nobody else would hear of it
            if is_cancelled_exception(failure):
                return None
            story.hold(failure)
            await _changed(story)


async def _changed(story: AnyStory) -> None:
    before = story.matter
    await workflow.wait_condition(lambda: story.matter is not before)
