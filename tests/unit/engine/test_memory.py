"""One cap for several engines' slots: the least recently used one goes, whosever it is, and never one in use."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.kv import SlotPool
from fimble.engine.memory import Holding, KvMemory

BYTES_PER_TOKEN = 10


def pools(number: int, max_tokens: int) -> tuple[KvMemory, list[SlotPool[object]]]:
    memory = KvMemory(max_tokens * BYTES_PER_TOKEN)
    made = [
        SlotPool(object, lambda source, target, num_tokens: 0, memory=memory, bytes_per_token=BYTES_PER_TOKEN)
        for _ in range(number)
    ]
    return memory, made


def serve(pool: SlotPool[object], prompt: list[int], sequence: str = "") -> int:
    """Run ``prompt`` and let go; how many of its tokens were reused."""
    slot = pool.acquire(prompt, 10, sequence)
    num_reused = len(slot.tokens)
    slot.tokens.extend(prompt[num_reused:])
    pool.release()
    return num_reused


def test_the_least_recently_used_slot_goes_whosever_it_is() -> None:
    memory, (first, second) = pools(2, max_tokens=250)
    serve(first, [1] * 100)
    serve(second, [2] * 100)
    serve(first, [1] * 100)
    serve(first, [3] * 100, "other")
    assert [slot.tokens[0] for slot in first.slots] == [1, 3]
    assert second.slots == ()
    assert memory.num_bytes == 220 * BYTES_PER_TOKEN
    assert serve(second, [2] * 100) == 0, "what went is read again"


def test_what_is_in_use_stays_however_little_room_there_is() -> None:
    memory, (first, second) = pools(2, max_tokens=50)
    mine, theirs = first.acquire([1] * 100, 10), second.acquire([2] * 100, 10)
    assert [*first.slots, *second.slots] == [mine, theirs]
    assert memory.num_bytes == 220 * BYTES_PER_TOKEN
    first.release()
    second.acquire([2] * 100, 10)
    assert len(first.slots) == 0
    assert memory.num_bytes == 110 * BYTES_PER_TOKEN


def test_a_pool_that_is_cleared_takes_nothing_any_more() -> None:
    memory, (first, second) = pools(2, max_tokens=1000)
    serve(first, [1] * 100)
    serve(second, [2] * 100)
    first.clear()
    assert memory.num_bytes == 110 * BYTES_PER_TOKEN
    assert len(second.slots) == 1


def test_all_that_a_graph_computed_can_be_dropped_at_once() -> None:
    memory, graph, dropped = KvMemory(100), object(), list[str]()
    for name, of, in_use in (("a", graph, False), ("b", graph, True), ("c", object(), False)):
        holding = Holding(1, lambda name=name: dropped.append(name), of)  # type: ignore[misc]
        holding.in_use = in_use
        memory.add(holding)
    memory.drop_all(graph)
    assert dropped == ["a"]
    assert memory.num_bytes == 2


def test_removing_twice_changes_nothing() -> None:
    memory, holding = KvMemory(100), Holding(5, lambda: None)
    memory.add(holding)
    memory.remove(holding)
    memory.remove(holding)
    assert memory.num_bytes == 0


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4), st.integers(1, 120)), max_size=40), st.integers(1, 400))
def test_the_cap_is_kept_but_for_what_is_in_use(asked: list[tuple[int, int, int]], max_tokens: int) -> None:
    memory, made = pools(3, max_tokens)
    for pool, base, length in asked:
        made[pool].acquire([base] * length, 10, f"{base}").tokens.extend([base] * length)
        in_use = sum(slot.high_water_tokens for each in made for slot in each.slots if slot.holding.in_use)
        assert memory.num_bytes <= max(max_tokens, in_use) * BYTES_PER_TOKEN
        assert memory.num_bytes == BYTES_PER_TOKEN * sum(slot.high_water_tokens for each in made for slot in each.slots)


@pytest.mark.parametrize("max_tokens", [150, 500])
def test_many_engines_at_once(max_tokens: int) -> None:
    """Threads that take each other's slots away: nobody fails, and nobody is told tokens that are not there."""
    memory, made = pools(6, max_tokens)
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(300):
                prompt = [number * 100 + turn % 4] * (20 + turn % 80)
                slot = made[number].acquire(prompt, 5, f"{turn % 4}")
                assert slot.tokens == prompt[: len(slot.tokens)]
                assert slot in made[number].slots
                slot.tokens.extend(prompt[len(slot.tokens) :])
                assert slot.tokens == prompt
                made[number].release()
                assert made[number].num_held(prompt) in (0, len(prompt) - 1)
        except BaseException as error:  # noqa: BLE001 (to be shown by the test)
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    memory.shrink()
    assert memory.num_bytes <= max_tokens * BYTES_PER_TOKEN
