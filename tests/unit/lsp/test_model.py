"""A model whose weights were given back: the next request says that it loads them, and does not wait."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fimble.config import Config
from fimble.context.elsewhere import Elsewhere
from fimble.errors import FimbleError, ModelFolderInvalid
from fimble.lsp.model import Model
from fimble.privacy.rules import Privacy
from fimble.text import Outcome, Reason


class Lent:
    """A model that can be put to sleep."""

    def __init__(self) -> None:
        self.is_asleep = False
        self.num_woken = 0
        self.may_wake = threading.Event()
        self.error: FimbleError | None = None

    def wake(self) -> None:
        self.may_wake.wait()
        self.num_woken += 1
        if self.error is not None:
            raise self.error
        self.is_asleep = False

    def listen(self, _: object) -> None:
        pass


async def loaded(lent: Lent, changes: list[bool]) -> Model:
    model = Model(lambda *_: lent, ThreadPoolExecutor(1), lambda: changes.append(model.is_waking))  # type: ignore[arg-type]
    await model.load(Config(), Elsewhere(Privacy(())), lambda: 0.0, lambda _: None)
    return model


async def until_awake(model: Model) -> None:
    while model.is_waking:
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.01)


def run(test: Any) -> None:
    asyncio.run(test)


def test_one_that_is_awake_is_asked_at_once() -> None:
    async def test() -> None:
        model = await loaded(Lent(), [])
        assert model.why_not() is None
        assert not model.is_waking

    run(test())


def test_requests_are_answered_while_the_weights_are_loaded_and_only_once() -> None:
    async def test() -> None:
        lent, changes = Lent(), list[bool]()
        model = await loaded(lent, changes)
        lent.is_asleep = True
        for _ in range(3):
            assert model.why_not() == Outcome(reason=Reason.MODEL_LOADING)
            await asyncio.sleep(0.005)
        assert model.is_waking
        lent.may_wake.set()
        await until_awake(model)
        assert model.why_not() is None
        assert lent.num_woken == 1
        assert changes == [True, False]

    run(test())


def test_one_that_cannot_be_woken_says_why_and_is_tried_again() -> None:
    async def test() -> None:
        lent = Lent()
        lent.may_wake.set()
        model = await loaded(lent, [])
        lent.is_asleep, lent.error = True, ModelFolderInvalid("The graph is gone.")
        model.why_not()
        await until_awake(model)
        outcome = model.why_not()
        assert outcome is not None
        assert (outcome.reason, outcome.detail) == (Reason.MODEL_UNAVAILABLE, "The graph is gone.")
        lent.error = None
        await until_awake(model)
        assert model.why_not() is None
        assert model.error is None

    run(test())


def test_a_person_is_told_once_why_one_cannot_be_woken() -> None:
    async def test() -> None:
        lent, told = Lent(), list[str]()
        model = Model(lambda *_: lent, ThreadPoolExecutor(1))  # type: ignore[arg-type]
        await model.load(Config(), Elsewhere(Privacy(())), lambda: 0.0, lambda _: None, told.append)
        lent.may_wake.set()
        lent.is_asleep, lent.error = True, ModelFolderInvalid("The graph is gone.")
        for _ in range(2):
            model.why_not()
            await until_awake(model)
        assert told == ["The graph is gone."]

    run(test())
