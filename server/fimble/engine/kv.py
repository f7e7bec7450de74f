"""Slots: several token sequences kept in KV caches, and which one serves the next prompt.

A prompt that shares a beginning with a slot starts where they part. If that would
throw away anything that another sequence left there, the shared part is copied into a
slot of its own, so that two documents with one header do not fight, and a prompt that is
prepared in idle time does not harm the one in use. The least recently used slots
go, or are used again, when all together would exceed the memory cap, which several engines' slots may be under. Keys
and values hold only for the adapter that they were computed with: slots of another one share nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from fimble.engine.memory import Holding, KvMemory

MIN_SHARED_TOKENS = 16
"""Fewer shared tokens than this are prefilled again rather than copied or taken over."""


C = TypeVar("C")
"""A KV cache, ``cache.KvCache`` in earnest."""


@dataclass(slots=True, eq=False)
class Slot(Generic[C]):
    """One sequence: ``tokens`` are those whose keys and values ``cache`` holds, in order."""

    cache: C
    holding: Holding
    """What it takes of the memory for all."""
    tokens: list[int] = field(default_factory=list)
    high_water_tokens: int = 0
    """The most tokens it ever held or was promised: what its memory follows."""
    sequence: str = ""
    """What it served last (``GenerateRequest.sequence``)."""
    adapter: str = ""
    """The fingerprint of the adapter that its keys and values were computed with; empty for none."""
    others: dict[str, int] = field(default_factory=dict)
    """Sequences it served before -> how many of its tokens each left there and may want again."""

    @property
    def last_used(self) -> int:
        """The higher, the later."""
        return self.holding.last_used

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
    """All slots of one engine, under a memory cap (the slot in use stays, however large).

    Used on the engine's thread; where the cap is others' too, they may take away any slot but the one in use.
    """

    def __init__(
        self,
        new_cache: Callable[[], C],
        copy_prefix: Callable[[C, C, int], int],
        max_tokens: int = 0,
        whole_slot_tokens: int = 0,
        memory: KvMemory | None = None,
        bytes_per_token: int = 1,
        graph: object = None,
    ) -> None:
        """All slots together hold ``max_tokens``, unless ``memory`` says what there is for them and others.

        ``copy_prefix(source, target, n)`` copies n tokens and returns how many it could.
        ``whole_slot_tokens``: what a slot costs from its start, where memory is not
        committed lazily. ``graph``: what computes the keys and values.
        """
        self._new_cache, self._copy_prefix = new_cache, copy_prefix
        self._whole_slot_tokens, self._bytes_per_token = whole_slot_tokens, bytes_per_token
        self._memory = memory or KvMemory(max_tokens * bytes_per_token)
        self._graph = graph
        self._slots: list[Slot[C]] = []
        self._in_use: Slot[C] | None = None

    @property
    def max_tokens(self) -> int:
        """What all slots together may hold, others' too."""
        return self._memory.max_bytes // self._bytes_per_token

    @property
    def slots(self) -> tuple[Slot[C], ...]:
        return tuple(self._slots)

    def acquire(self, prompt: Sequence[int], max_new_tokens: int, sequence: str = "", adapter: str = "") -> Slot[C]:
        """The slot to run ``prompt`` in, rewound to the tokens it shares with the prompt; in use until ``release``.

        At least the prompt's last token is left to run, because its logits are wanted.
        ``max_new_tokens`` more will be appended at most. ``adapter``: the fingerprint of the one in use; what was
        computed with another shares nothing.
        """
        with self._memory.lock:
            self.release()
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
            self._promise(slot, num_tokens)
            for other in self._slots:
                other.others.pop(sequence, None)
            self._memory.use(slot.holding)
            slot.holding.in_use, self._in_use = True, slot
            self._memory.shrink()
            return slot

    def release(self) -> None:
        """The slot in use, if any, is so no more: it may go when memory is short, as the last one."""
        with self._memory.lock:
            if self._in_use is not None:
                holding, self._in_use = self._in_use.holding, None
                holding.in_use = False
                self._memory.shrink(but=holding)

    def num_held(self, prompt: Sequence[int], adapter: str = "") -> int:
        """The most tokens of ``prompt``, its last one aside, that a slot holds. The slot counts as used."""
        with self._memory.lock:
            best, num_shared = self._most_shared(prompt, "", adapter)
            if best is not None:
                self._memory.use(best.holding)
            return num_shared

    def clear(self) -> None:
        """Give all slots up, the one in use too."""
        with self._memory.lock:
            self.release()
            for slot in self._slots:
                self._memory.remove(slot.holding)
            self._slots.clear()

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
        else the least recently used one, but never ``keep``. Others' that were used before go as well."""
        for slot in self._slots:
            if len(slot.tokens) < MIN_SHARED_TOKENS and slot is not keep:
                slot.empty(adapter)
                return slot
        memory, num_bytes = self._memory, max(num_tokens, self._whole_slot_tokens) * self._bytes_per_token
        while not memory.has_room(num_bytes):
            oldest = memory.oldest(keep.holding if keep is not None else None)
            if oldest is None:
                break
            own = next((slot for slot in self._slots if slot.holding is oldest), None)
            if own is not None:
                own.empty(adapter)
                return own
            memory.remove(oldest)
            oldest.drop()
        return self._new_slot(adapter)

    def _new_slot(self, adapter: str) -> Slot[C]:
        num_bytes = self._whole_slot_tokens * self._bytes_per_token
        holding = Holding(num_bytes, lambda: self._slots.remove(slot), self._graph)
        slot = Slot(self._new_cache(), holding, high_water_tokens=self._whole_slot_tokens, adapter=adapter)
        self._slots.append(slot)
        self._memory.add(holding)
        return slot

    def _promise(self, slot: Slot[C], num_tokens: int) -> None:
        slot.high_water_tokens = max(slot.high_water_tokens, num_tokens)
        slot.holding.num_bytes = slot.high_water_tokens * self._bytes_per_token


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
