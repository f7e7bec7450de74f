"""Long work in steps, so that something short may come between them."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeAlias, TypeVar, cast

_T = TypeVar("_T")
Job: TypeAlias = Callable[[], None]
Steps: TypeAlias = Generator[Job | None, None, _T]
"""Yields nothing where it gave way, or a job that needs no engine: to be run, on whatever thread, before it goes on."""


def aside(work: Callable[[], _T]) -> Steps[_T]:
    """What comes of ``work``, which needs no engine."""
    found: list[_T] = []
    yield lambda: found.append(work())
    return found[0]


def finish(steps: Steps[_T]) -> _T:
    """What comes of ``steps`` that nobody interrupts."""
    while True:
        try:
            job = next(steps)
        except StopIteration as end:
            return cast("_T", end.value)
        if job is not None:
            job()
