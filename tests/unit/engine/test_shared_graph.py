"""Several engines on one loaded graph: each answers as if it were alone, at the same time and after a reload."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import pytest

from fimble.daemon.scheduler import Scheduler
from fimble.engine.base import GenerateRequest, Urgency
from fimble.engine.memory import KvMemory
from fimble.engine.onnx import OnnxEngine
from fimble.engine.session import Session
from fimble.weights.adapter import in_memory
from fimble.weights.recipe import FP32
from tests.unit import adapters, tiny
from tests.unit.engine.oracle import answer

LENGTH = 512
X, Y = (in_memory(adapters.about(), adapters.tensors(tiny.QWEN2, seed=seed)) for seed in (5, 6))
PROMPTS = [tuple(random.Random(seed).randrange(20, 400) for _ in range(60 + 40 * seed)) for seed in range(4)]


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Session:
    folder = tiny.prepared(tmp_path_factory.mktemp("model"), recipe=FP32)
    return Session(folder / "graph.onnx", "cpu", 1)


def engines(graph: Session, number: int, kv_tokens: int = 100_000) -> tuple[KvMemory, list[OnnxEngine]]:
    """Sessions of one daemon. Nothing is guessed, so that an answer has one way to be computed."""
    memory, scheduler = KvMemory(kv_tokens * graph.layout.bytes_per_token), Scheduler()
    made = [
        OnnxEngine(graph, "tiny", context_length=LENGTH, max_draft_tokens=0, memory=memory, runner=scheduler.join())
        for _ in range(number)
    ]
    return memory, made


def alone(graph: Session, prompt: tuple[int, ...], num_tokens: int = 16) -> list[int]:
    """What an engine of one's own answers."""
    engine = OnnxEngine(graph.graph, "tiny", num_threads=1, context_length=LENGTH, max_draft_tokens=0)
    return answer(engine, prompt, num_tokens)


def together(works: list[Callable[[], None]]) -> None:
    """All at once; raises what went wrong."""
    failed: list[BaseException] = []

    def do(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 (raised below)
            failed.append(error)

    threads = [threading.Thread(target=do, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def test_token_by_token_in_turns(graph: Session) -> None:
    """One thread, two generations: between any two tokens of one the other has run."""
    _, (first, second) = engines(graph, 2)
    expected = [alone(graph, prompt) for prompt in PROMPTS[:2]]
    running = [
        iter(engine.generate(GenerateRequest(prompt, 16)))
        for engine, prompt in zip((first, second), PROMPTS, strict=False)
    ]
    found: list[list[int]] = [[], []]
    for _ in range(16):
        for tokens, generation in zip(found, running, strict=True):
            tokens.append(next(generation).id)
    assert found == expected


@pytest.mark.parametrize("kv_tokens", [100_000, 300])
def test_all_at_once(graph: Session, kv_tokens: int) -> None:
    """Also where the cap is so low that they take each other's slots."""
    memory, made = engines(graph, 4, kv_tokens)
    expected = {prompt: alone(graph, prompt) for prompt in PROMPTS}
    urgencies = [*Urgency, Urgency.KEYSTROKE]

    def ask(number: int) -> None:
        order = random.Random(number)
        for _ in range(6):
            prompt = order.choice(PROMPTS)
            request = GenerateRequest(prompt, 16, urgency=urgencies[number], prefill_chunk_tokens=32)
            assert [token.id for token in made[number].generate(request)] == expected[prompt]

    together([lambda number=number: ask(number) for number in range(4)])  # type: ignore[misc]
    memory.shrink()
    assert memory.num_bytes <= memory.max_bytes


def test_a_full_cap_costs_time_and_no_answer(graph: Session) -> None:
    """Less than one prompt's worth."""
    _, (first, second) = engines(graph, 2, kv_tokens=10)
    expected = [alone(graph, prompt) for prompt in PROMPTS[:2]]
    for _ in range(2):
        assert answer(first, PROMPTS[0], 16) == expected[0]
        assert answer(second, PROMPTS[1], 16) == expected[1]
        assert first.num_cached_tokens(PROMPTS[0]) == 0
    assert len(second.slots.slots) <= 1


def test_each_has_its_adapter(graph: Session) -> None:
    """Two sessions with one adapter hold it once; a third has another, a fourth none."""
    _, made = engines(graph, 4)
    used = (X, X, Y, None)
    for engine, adapter in zip(made, used, strict=True):
        engine.use(adapter)
    assert made[0].lora is made[1].lora

    def own(adapter: object) -> list[int]:
        engine = OnnxEngine(graph.graph, "tiny", num_threads=1, context_length=LENGTH, max_draft_tokens=0)
        engine.use(adapter)  # type: ignore[arg-type]
        return answer(engine, PROMPTS[0], 12)

    expected = [own(adapter) for adapter in used]
    assert len({tuple(tokens) for tokens in expected}) == 3

    def ask(number: int) -> None:
        for _ in range(4):
            assert answer(made[number], PROMPTS[0], 12) == expected[number]

    together([lambda number=number: ask(number) for number in range(4)])  # type: ignore[misc]
    made[0].use(Y)
    assert answer(made[0], PROMPTS[0], 12) == expected[2]
    assert answer(made[1], PROMPTS[0], 12) == expected[1], "what one lets go another may hold"


def test_weights_come_back_with_the_next_run(graph: Session) -> None:
    memory, (first, second) = engines(graph, 2)
    second.use(X)
    expected = [answer(first, PROMPTS[1], 12), answer(second, PROMPTS[1], 12)]
    num_loads = graph.num_loads
    graph.unload()
    assert not graph.is_loaded
    assert [answer(first, PROMPTS[1], 12), answer(second, PROMPTS[1], 12)] == expected, "slots stay good"
    assert graph.num_loads == num_loads + 1
    memory.drop_all(graph)
    graph.unload()
    graph.load()
    graph.load()
    assert graph.num_loads == num_loads + 2
    assert first.num_cached_tokens(PROMPTS[1]) == 0
    assert [answer(first, PROMPTS[1], 12), answer(second, PROMPTS[1], 12)] == expected


def test_a_generation_goes_on_after_the_weights_went_in_its_middle(graph: Session) -> None:
    _, (engine,) = engines(graph, 1)
    tokens: list[int] = []
    for token in engine.generate(GenerateRequest(PROMPTS[2], 12)):
        tokens.append(token.id)
        if len(tokens) in (1, 7):
            graph.unload()
    assert tokens == alone(graph, PROMPTS[2], 12)


def test_closing_one_leaves_the_others(graph: Session) -> None:
    memory, (first, second) = engines(graph, 2)
    answer(first, PROMPTS[0], 4)
    expected = answer(second, PROMPTS[0], 4)
    held = memory.num_bytes
    first.close()
    assert memory.num_bytes == held / 2
    assert answer(second, PROMPTS[0], 4) == expected
