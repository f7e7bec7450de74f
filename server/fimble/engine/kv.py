"""Slots: several token sequences kept in KV caches, and which one serves the next prompt.

A prompt that shares a beginning with a slot starts where they part. If that would
throw away most of what another sequence left there, the shared part is copied into a
slot of its own, so that two documents with one header do not fight. The least recently used slots
go when all together would exceed the memory cap.
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

    def acquire(self, prompt: Sequence[int], max_new_tokens: int, sequence: str = "") -> Slot[C]:
        """The slot to run ``prompt`` in, rewound to the tokens it shares with the prompt.

        At least the prompt's last token is left to run, because its logits are wanted.
        ``max_new_tokens`` more will be appended at most.
        """
        best, num_shared = self._most_shared(prompt)
        if best is None or num_shared < MIN_SHARED_TOKENS:
            slot, num_shared = self._fresh_slot(), 0
        elif best.sequence == sequence or num_shared * 2 >= len(best.tokens):
            slot = best
        else:
            slot = self._fresh_slot()
            num_shared = self._copy_prefix(best.cache, slot.cache, num_shared)
            slot.tokens = best.tokens[:num_shared]
        slot.rewind(num_shared)
        slot.high_water_tokens = max(slot.high_water_tokens, len(prompt) + max_new_tokens)
        slot.sequence = sequence
        self._clock += 1
        slot.last_used = self._clock
        self._evict(slot)
        return slot

    def clear(self) -> None:
        self._slots.clear()

    def _most_shared(self, prompt: Sequence[int]) -> tuple[Slot[C] | None, int]:
        best: Slot[C] | None = None
        longest = 0
        for slot in sorted(self._slots, key=lambda slot: -slot.last_used):
            num_shared = count_shared(slot.tokens, prompt[:-1])
            if num_shared > longest:
                best, longest = slot, num_shared
        return best, longest

    def _fresh_slot(self) -> Slot[C]:
        for slot in self._slots:
            if len(slot.tokens) < MIN_SHARED_TOKENS:
                slot.rewind(0)
                return slot
        slot = Slot(self._new_cache(), high_water_tokens=self._whole_slot_tokens)
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
