"""Slots: several token sequences kept in KV caches, and which one serves the next prompt.

A prompt that shares a beginning with a slot starts where they part. If that would
throw away anything that another sequence left there, the shared part is copied into a
slot of its own, so that two documents with one header do not fight, and a prompt that is
prepared in idle time does not harm the one in use. The least recently used slots
go, or are used again, when all together would exceed the memory cap. Keys and values hold only for the adapter
that they were computed with: slots of another one share nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

MIN_SHARED_TOKENS = 16
"""Fewer shared tokens than this are prefilled again rather than copied or taken over."""


C = TypeVar("C")
"""A KV cache, ``session.KvCache`` in earnest."""


@dataclass(slots=True, eq=False)
class Slot(Generic[C]):
    """One sequence: ``tokens`` are those whose keys and values ``cache`` holds, in order."""

    cache: C
    tokens: list[int] = field(default_factory=list)
    high_water_tokens: int = 0
    """The most tokens it ever held or was promised: what its memory follows."""
    last_used: int = 0
    sequence: str = ""
    """What it served last (``GenerateRequest.sequence``)."""
    adapter: str = ""
    """The fingerprint of the adapter that its keys and values were computed with; empty for none."""
    others: dict[str, int] = field(default_factory=dict)
    """Sequences it served before -> how many of its tokens each left there and may want again."""

    def loses_nothing(self, num_tokens: int, sequence: str) -> bool:
        """Whether only tokens of ``sequence`` itself lie behind the first ``num_tokens``."""
        if self.sequence != sequence and len(self.tokens) > num_tokens:
            return False
        return all(wanted <= num_tokens for other, wanted in self.others.items() if other != sequence)

    def hand_over(self, sequence: str) -> None:
        """Serve ``sequence`` from now on."""
        if self.tokens and self.sequence != sequence:
            self.others[self.sequence] = len(self.tokens)
        self.others.pop(sequence, None)
        self.sequence = sequence

    def empty(self, adapter: str) -> None:
        """Forget everything; what comes next is computed with ``adapter``."""
        self.tokens.clear()
        self.others.clear()
        self.adapter = adapter

    def rewind(self, num_tokens: int) -> None:
        """Forget all but the first ``num_tokens``; costs nothing."""
        del self.tokens[num_tokens:]


class SlotPool(Generic[C]):
    """All slots, under one memory cap (the slot in use stays, however large)."""

    def __init__(
        self,
        new_cache: Callable[[], C],
        copy_prefix: Callable[[C, C, int], int],
        max_tokens: int,
        whole_slot_tokens: int = 0,
    ) -> None:
        """All slots together hold ``max_tokens``.

        ``copy_prefix(source, target, n)`` copies n tokens and returns how many it could.
        ``whole_slot_tokens``: what a slot costs from its start, where memory is not
        committed lazily.
        """
        self._new_cache, self._copy_prefix = new_cache, copy_prefix
        self._whole_slot_tokens = whole_slot_tokens
        self.max_tokens = max_tokens
        self._slots: list[Slot[C]] = []
        self._clock = 0

    @property
    def slots(self) -> tuple[Slot[C], ...]:
        return tuple(self._slots)

    def acquire(self, prompt: Sequence[int], max_new_tokens: int, sequence: str = "", adapter: str = "") -> Slot[C]:
        """The slot to run ``prompt`` in, rewound to the tokens it shares with the prompt.

        At least the prompt's last token is left to run, because its logits are wanted.
        ``max_new_tokens`` more will be appended at most. ``adapter``: the fingerprint of the one in use; what was
        computed with another shares nothing.
        """
        num_tokens = len(prompt) + max_new_tokens
        best, num_shared = self._most_shared(prompt, sequence, adapter)
        if best is None or num_shared < MIN_SHARED_TOKENS:
            slot, num_shared = self._fresh_slot(num_tokens, adapter), 0
        elif best.loses_nothing(num_shared, sequence):
            slot = best
        else:
            slot = self._fresh_slot(num_tokens, adapter, best)
            num_shared = self._copy_prefix(best.cache, slot.cache, num_shared)
            slot.tokens = best.tokens[:num_shared]
            slot.sequence = sequence
        slot.hand_over(sequence)
        slot.rewind(num_shared)
        slot.high_water_tokens = max(slot.high_water_tokens, num_tokens)
        for other in self._slots:
            other.others.pop(sequence, None)
        self._use(slot)
        self._evict(slot)
        return slot

    def num_held(self, prompt: Sequence[int], adapter: str = "") -> int:
        """The most tokens of ``prompt``, its last one aside, that a slot holds. The slot counts as used."""
        best, num_shared = self._most_shared(prompt, "", adapter)
        if best is not None:
            self._use(best)
        return num_shared

    def clear(self) -> None:
        self._slots.clear()

    def _use(self, slot: Slot[C]) -> None:
        self._clock += 1
        slot.last_used = self._clock

    def _most_shared(self, prompt: Sequence[int], sequence: str, adapter: str) -> tuple[Slot[C] | None, int]:
        """The slot that shares most with the prompt; of equals one of the sequence, then the last used."""
        ours = [slot for slot in self._slots if slot.adapter == adapter]
        shared = [(count_shared(slot.tokens, prompt[:-1]), slot) for slot in ours]
        if not shared:
            return None, 0
        num_shared, best = max(shared, key=lambda pair: (pair[0], pair[1].sequence == sequence, pair[1].last_used))
        return best, num_shared

    def _fresh_slot(self, num_tokens: int, adapter: str, keep: Slot[C] | None = None) -> Slot[C]:
        """An empty slot for ``num_tokens``: one in stock, else a new one while the cap allows it,
        else the least recently used one, but never ``keep``."""
        for slot in self._slots:
            if len(slot.tokens) < MIN_SHARED_TOKENS and slot is not keep:
                slot.empty(adapter)
                return slot
        others = [slot for slot in self._slots if slot is not keep]
        total = sum(slot.high_water_tokens for slot in self._slots)
        if others and total + max(num_tokens, self._whole_slot_tokens) > self.max_tokens:
            oldest = min(others, key=lambda slot: slot.last_used)
            oldest.empty(adapter)
            return oldest
        slot = Slot(self._new_cache(), high_water_tokens=self._whole_slot_tokens, adapter=adapter)
        self._slots.append(slot)
        return slot

    def _evict(self, keep: Slot[C]) -> None:
        oldest_first = sorted((slot for slot in self._slots if slot is not keep), key=lambda slot: slot.last_used)
        total = sum(slot.high_water_tokens for slot in self._slots)
        for slot in oldest_first:
            if total <= self.max_tokens:
                return
            total -= slot.high_water_tokens
            self._slots.remove(slot)


def count_shared(left: Sequence[int], right: Sequence[int]) -> int:
    """How many tokens the two sequences share from their start."""
    limit = min(len(left), len(right))
    if left[:limit] == list(right[:limit]):
        return limit
    low, high = 0, limit
    while low < high:
        middle = (low + high) // 2
        if left[low : middle + 1] == list(right[low : middle + 1]):
            low = middle + 1
        else:
            high = middle
    return low
