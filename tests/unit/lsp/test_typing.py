"""Two documents, a hasty person, one engine thread: whatever overtakes what, no stale text, and all work ends."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from fimble.config import Config
from fimble.engine.base import CancelToken
from fimble.engine.fake import ScriptedEngine
from fimble.features.inline import InlineFeature
from fimble.lsp.idle import Idle
from fimble.lsp.requests import Requests, Wish
from fimble.prompt.templates import FAMILIES
from fimble.text import Cursor, Outcome, Reason, Snapshot, Source
from tests.unit.features.places import FileTokenizer

TOKENIZER = FileTokenizer()
END, MIDDLE = (TOKENIZER.token_id(token) or 0 for token in ("<|endoftext|>", "<|fim_middle|>"))
WANTED = "first = 1\nsecond = first\nthird = second\nfourth = third\nfifth = fourth\nsixth = fifth\n"
"""What the model writes, from as far as it is typed already."""
NUM_STEPS = 250
ENDS_S = 60.0


def script(prompt: tuple[int, ...]) -> list[list[int]]:
    shown = TOKENIZER.decode(prompt[prompt.index(MIDDLE) :])
    length = next(length for length in range(len(WANTED), -1, -1) if shown.endswith(WANTED[:length]))
    return [[*TOKENIZER.encode(WANTED[length:]), END]]


class Desk:
    """The rooms that a server joins, and the texts that the person sees."""

    def __init__(self, engine_thread: ThreadPoolExecutor) -> None:
        self.engine = ScriptedEngine(script, delay_ms=0.4)
        self.feature = InlineFeature(self.engine, TOKENIZER, FAMILIES["qwen2.5-coder"], Config(eagerness=100))
        self.idle = Idle(engine_thread, self.feature.idle)
        self.requests = Requests(engine_thread, self.idle.give_way)
        self.texts = {f"file:///{name}.py": "" for name in "ab"}
        self.versions = dict.fromkeys(self.texts, 0)
        self.wrong: list[tuple[str, str]] = []
        self.sources: Counter[Source] = Counter()

    def edit(self, uri: str, text: str) -> None:
        self.texts[uri] = text
        self.versions[uri] += 1
        self.requests.drop(uri, Reason.STALE)

    def close(self, uri: str) -> None:
        self.requests.stop(uri, Reason.NOT_OPEN)
        self.idle.forget(uri)
        self.feature.forget(uri)
        self.edit(uri, "")

    async def ask(self, uri: str) -> Outcome:
        text, version = self.texts[uri], self.versions[uri]
        cursor = Cursor(Snapshot(uri, "python", version, text + "\n"), len(text))
        outcome = await self.requests.answer(
            Wish(
                uri,
                lambda cancel: self.feature.suggest(cursor, cancel, is_hurried=True),
                lambda: self.feature.recall(cursor),
                lambda: self.feature.joins(cursor),
                outlives=True,
            )
        )
        if self.versions[uri] != version:
            return outcome
        for suggestion in outcome.suggestions:
            self.sources[outcome.source] += 1
            if not WANTED.startswith(text + suggestion.text):
                self.wrong.append((text, suggestion.text))
        if outcome.reason not in (Reason.SUPERSEDED, Reason.STALE, Reason.CANCELLED, Reason.NOT_OPEN):
            self.idle.after(cursor)
        return outcome


@pytest.mark.parametrize("seed", range(3))
async def test_no_stale_text_and_an_end(seed: int) -> None:
    rng = random.Random(seed)
    with ThreadPoolExecutor(max_workers=1) as engine_thread:
        desk = Desk(engine_thread)
        answers: list[asyncio.Task[Outcome]] = []
        for _ in range(NUM_STEPS):
            uri = rng.choice(list(desk.texts))
            text, kind = desk.texts[uri], rng.random()
            if len(text) > len(WANTED) - 5:
                desk.edit(uri, "")
            elif kind < 0.7:
                desk.edit(uri, WANTED[: len(text) + rng.choice([1, 1, 1, 4])])
            elif kind < 0.85:
                desk.edit(uri, text[:-2])
            elif kind < 0.9:
                desk.close(uri)
            answers.append(asyncio.ensure_future(desk.ask(uri)))
            await asyncio.sleep(rng.choice([0, 0, 0.002, 0.02]))
        async with asyncio.timeout(ENDS_S):
            outcomes = await asyncio.gather(*answers)
            while len(asyncio.all_tasks()) > 1:
                await asyncio.sleep(0.01)
        num_asked = len(desk.engine.requests)
        await asyncio.sleep(0.1)
        assert len(desk.engine.requests) == num_asked, "nothing runs any more"
    assert desk.wrong == []
    assert all(outcome.suggestions or outcome.reason for outcome in outcomes), "text, or one reason"
    assert not any(outcome.reason is Reason.FAILED for outcome in outcomes)
    assert desk.sources[Source.CACHE] > desk.sources[Source.MODEL] > 0
    assert desk.sources[Source.JOINED] > 0


async def test_a_cancelled_storm_leaves_the_engine_free() -> None:
    with ThreadPoolExecutor(max_workers=1) as engine_thread:
        desk = Desk(engine_thread)
        (uri, *_) = desk.texts
        tasks = []
        for length in range(200):
            desk.edit(uri, WANTED[: length % 40])
            tasks.append(asyncio.ensure_future(desk.ask(uri)))
            await asyncio.sleep(0)
            tasks[-1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        desk.edit(uri, WANTED[:6])
        async with asyncio.timeout(ENDS_S):
            while not (outcome := await desk.ask(uri)).suggestions:
                assert outcome.reason is Reason.TOO_LONG, "a slow machine may need to be asked again"
        assert outcome.suggestions[0].text == WANTED[6:].partition("\n")[0]
        cancel = CancelToken()
        cancel.cancel()
        assert desk.feature.idle(Cursor(Snapshot(uri, "python", 1, "q\n"), 1), cancel) is False
        desk.idle.give_way()
