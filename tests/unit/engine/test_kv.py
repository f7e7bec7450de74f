"""Slots: what is shared is reused, the least recently used goes first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.kv import SlotPool, count_shared


class Cache:
    """Records what was copied into it."""

    def __init__(self) -> None:
        self.copied = 0


def pool(max_tokens: int = 1000) -> SlotPool[Cache]:
    def copy_prefix(source: Cache, target: Cache, num_tokens: int) -> int:
        target.copied = num_tokens
        return num_tokens

    return SlotPool(Cache, copy_prefix, max_tokens)


def run(slots: SlotPool[Cache], prompt: list[int], sequence: str = "", adapter: str = "") -> int:
    """Serve ``prompt``; returns how many of its tokens were reused."""
    slot = slots.acquire(prompt, 10, sequence, adapter)
    assert slot.adapter == adapter
    num_reused = len(slot.tokens)
    assert slot.tokens == prompt[:num_reused]
    slot.tokens.extend(prompt[num_reused:])
    return num_reused


def test_a_repeated_prompt_reuses_all_but_its_last_token() -> None:
    slots = pool()
    prompt = list(range(100))
    assert run(slots, prompt) == 0
    assert run(slots, prompt) == 99
    assert run(slots, [*prompt, 7, 8]) == 100
    assert len(slots.slots) == 1


def test_adapters_share_nothing() -> None:
    slots = pool()
    prompt = list(range(100))
    for adapter in ("", "x", "y"):
        assert run(slots, prompt, "document", adapter) == 0
    for adapter in ("x", "", "y"):
        assert slots.num_held([*prompt, 7], adapter) == 100
        assert run(slots, prompt, "document", adapter) == 99
    assert [slot.cache.copied for slot in slots.slots] == [0, 0, 0]


def test_a_slot_that_is_used_again_changes_its_adapter() -> None:
    slots = pool(max_tokens=250)
    for adapter in ("", "x", "y", "", "x"):
        run(slots, list(range(100)), "document", adapter)
    assert len(slots.slots) == 2
    assert {slot.adapter for slot in slots.slots} == {"", "x"}


def test_a_small_shared_head_is_copied_and_both_sequences_stay() -> None:
    slots = pool()
    head = list(range(20))
    first, second = head + [1000] * 80, head + [2000] * 80
    run(slots, first, "first")
    assert run(slots, second, "second") == 20
    assert [slot.cache.copied for slot in slots.slots] == [0, 20]
    assert run(slots, first, "first") == 99
    assert run(slots, second, "second") == 99


def test_typing_near_the_top_of_a_file_stays_in_one_slot() -> None:
    """Prefix, suffix, middle: a key changes all behind the prefix, however short that is."""
    slots = pool(max_tokens=2000)
    run(slots, [7] * 500, "other")
    for key in range(40):
        assert run(slots, [*range(1000, 1030 + key), *[1] * 128], "typed") >= min(key, 1) * 30
    assert len(slots.slots) == 2
    assert run(slots, [7] * 500, "other") == 499


def test_the_least_recently_used_slot_goes_when_the_cap_is_met() -> None:
    slots = pool(max_tokens=250)
    prompts = [[base] * 100 for base in (1, 2, 3)]
    run(slots, prompts[0])
    run(slots, prompts[1])
    run(slots, prompts[0])
    run(slots, prompts[2])
    assert [slot.tokens[0] for slot in slots.slots] == [1, 3]


def test_one_slot_above_the_cap_is_still_served() -> None:
    slots = pool(max_tokens=50)
    assert run(slots, [1] * 100) == 0
    assert run(slots, [1] * 100) == 99


def test_requests_cancelled_before_any_prefill_leave_no_empty_slots_behind() -> None:
    slots = pool()
    for base in range(5):
        slots.acquire([base] * 50, 10)
    assert len(slots.slots) == 1


@given(st.lists(st.integers(0, 2)), st.lists(st.integers(0, 2)))
def test_count_shared_equals_a_plain_loop(left: list[int], right: list[int]) -> None:
    expected = 0
    while expected < min(len(left), len(right)) and left[expected] == right[expected]:
        expected += 1
    assert count_shared(left, right) == expected


@given(st.lists(st.lists(st.integers(0, 1), min_size=1, max_size=60), max_size=12))
def test_a_slot_never_claims_tokens_its_prompt_does_not_have(prompts: list[list[int]]) -> None:
    slots = pool(max_tokens=150)
    for prompt in prompts:
        assert run(slots, prompt) < len(prompt)
        assert sum(slot.high_water_tokens for slot in slots.slots) <= max(150, len(prompt) + 10)


def test_another_sequence_never_takes_over_live_tokens() -> None:
    """A prompt prepared in idle time leaves the one in use whole, however much they share."""
    slots = pool()
    shared = list(range(100))
    live = [*shared, *[5] * 20]
    run(slots, live, "typed")
    assert run(slots, [*shared, *[6] * 30], "prepared") == 100
    assert len(slots.slots) == 2
    assert run(slots, [*live, 7], "typed") == 120


def test_another_sequence_takes_a_slot_over_where_nothing_is_lost() -> None:
    slots = pool()
    prepared = list(range(100))
    run(slots, prepared, "prepared")
    assert run(slots, [*prepared, 7], "typed") == 100
    assert len(slots.slots) == 1
    assert slots.slots[0].sequence == "typed"


def test_of_slots_that_share_as_much_the_own_one_serves() -> None:
    slots = pool()
    head = list(range(50))
    run(slots, [*head, *[5] * 20], "typed")
    run(slots, [*head, *[6] * 20], "prepared")
    assert run(slots, [*head, *[7] * 20], "typed") == 50
    assert [slot.sequence for slot in slots.slots] == ["typed", "prepared"]
    assert slots.slots[1].tokens[50:] == [6] * 20


def test_a_slot_is_used_again_rather_than_made_when_the_cap_is_met() -> None:
    slots = pool(max_tokens=250)
    caches = []
    for base in range(6):
        run(slots, [base] * 100, f"{base}")
        caches += [slot.cache for slot in slots.slots]
    assert len({id(cache) for cache in caches}) == 2


def test_asking_what_is_held_changes_no_slot_but_keeps_it_longer() -> None:
    slots = pool(max_tokens=250)
    run(slots, [1] * 100, "first")
    run(slots, [2] * 100, "second")
    assert slots.num_held([*[1] * 100, 7]) == 100
    assert slots.num_held([*[1] * 50]) == 49
    assert [len(slot.tokens) for slot in slots.slots] == [100, 100]
    run(slots, [3] * 100, "third")
    assert [slot.tokens[0] for slot in slots.slots] == [1, 3]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 60), st.integers(0, 2)), max_size=12))
def test_live_tokens_outlast_every_other_sequence(history: list[tuple[int, int, int]]) -> None:
    """What each sequence ran last is still held until the cap takes a whole slot away."""
    slots = pool(max_tokens=10_000)
    last: dict[str, list[int]] = {}
    for sequence, length, base in history:
        prompt = [*range(20), *[base] * length]
        run(slots, prompt, f"{sequence}")
        last[f"{sequence}"] = prompt
        for other in last.values():
            assert slots.num_held([*other, 99]) == len(other)
