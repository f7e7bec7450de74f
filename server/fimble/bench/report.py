"""What a typing run came to, for one side: the figures that are printed, and the trace of every key."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fimble.bench.grammars import breaks
from fimble.bench.replay import MAX_WAIT_S, Seen, states
from fimble.bench.script import Kind, Script
from fimble.scoring import is_right, num_matching_characters

_TYPED = (Kind.CHARACTER, Kind.NEWLINE)


@dataclass(frozen=True, slots=True)
class Judged:
    """One keystroke of one side, and what its suggestion was worth."""

    seen: Seen
    line_prefix: str
    """The cursor's line before the cursor."""
    is_right: bool
    is_broken: bool
    """It would add an ERROR or MISSING node to the file."""

    @property
    def latency_ms(self) -> float:
        """Of the answer, empty or not; ``MAX_WAIT_S`` where none came."""
        return self.seen.answer.latency_ms if self.seen.answer else MAX_WAIT_S * 1e3


def judge(script: Script, run: Sequence[Seen]) -> list[Judged]:
    """Compare a run with what was really typed. Slow, and so done when all clocks have stopped."""
    languages = {file.path: file.language for file in script.files}
    judged = []
    for (step, _, after), seen in zip(states(script), run, strict=True):
        line_prefix = after[after.rfind("\n", 0, step.cursor) + 1 : step.cursor]
        right = bool(seen.text) and is_right(seen.text, line_prefix, step.truth)
        broken = bool(seen.text) and breaks(languages[step.path], after, step.cursor, seen.text)
        judged.append(Judged(seen, line_prefix, right, broken))
    return judged


def figures(closed: Sequence[Judged], opened: Sequence[Judged], other: Sequence[Judged] | None) -> dict[str, Any]:
    """One side's figures; ``other`` is the other side's closed loop.

    Times are of the closed loop, over all keystrokes, from the key to the suggestion or to the
    empty answer. ``num_misses`` counts keys left without a suggestion where the other side gave a
    right one; ``p50_missed_ms`` and ``p95_missed_ms`` take each of them as never answered.
    ``on_time_share`` is the open loop's share of keys with a suggestion before the next key; every
    other figure is the closed loop's. ``share_without_model`` is of the keys with a suggestion.
    ``tokens_per_accepted_char`` counts work in the background where the side tells of it.
    """
    num_keys = len(closed)
    times = [key.latency_ms for key in closed]
    shown = [key for key in closed if key.seen.text]
    num_right = sum(key.is_right for key in closed)
    efforts = [key.seen.effort for key in closed]
    num_tokens = efforts[-1].num_run_tokens
    if num_tokens is None:
        num_tokens = sum(e.num_prompt_tokens - e.num_reused_tokens + e.num_generated_tokens for e in efforts)
    num_saved, num_accepted = _saved(closed)
    result: dict[str, Any] = {
        "p50_ms": _quantile(times, 0.5),
        "p95_ms": _quantile(times, 0.95),
        "p50_after_newline_ms": _quantile(_of_kind(closed, Kind.NEWLINE), 0.5),
        "shown_per_100": _per_100(len(shown), num_keys),
        "right_per_100": _per_100(num_right, num_keys),
        "on_time_share": _share(sum(bool(key.seen.text) for key in opened), len(opened)),
        "share_without_model": _share(sum(key.seen.effort.source == "cache" for key in shown), len(shown)),
        "tokens_per_accepted_char": round(num_tokens / num_accepted, 2) if num_accepted else None,
        "saved_chars_share": _share(num_saved, sum(key.seen.step.kind in _TYPED for key in closed)),
        "right_share": _share(num_right, len(shown)),
        "num_keystrokes": num_keys,
        "on_time_right_share": _share(sum(key.is_right for key in opened), len(opened)),
        "reused_share": _reused_share(closed),
        "p50_cached_ms": _quantile([key.latency_ms for key in shown if key.seen.effort.source == "cache"], 0.5),
        "p50_after_jump_ms": _quantile(_of_kind(closed, Kind.JUMP), 0.5),
        "broken_suggestions": sum(key.is_broken for key in (*closed, *opened)),
        "unanswered": sum(key.seen.answer is None for key in closed),
        "reasons": dict(Counter(e.reason for key, e in zip(closed, efforts, strict=True) if not key.seen.text)),
    }
    if other is not None:
        missed = [not mine.seen.text and theirs.is_right for mine, theirs in zip(closed, other, strict=True)]
        times = [MAX_WAIT_S * 1e3 if miss else key.latency_ms for key, miss in zip(closed, missed, strict=True)]
        result |= {
            "num_misses": sum(missed),
            "p50_missed_ms": _quantile(times, 0.5),
            "p95_missed_ms": _quantile(times, 0.95),
        }
    return result


def trace(side: str, loop: str, judged: Sequence[Judged]) -> Iterator[dict[str, Any]]:
    """One record a keystroke, for a person who wants to see what was shown."""
    for number, key in enumerate(judged):
        step, effort = key.seen.step, key.seen.effort
        yield {
            "side": side,
            "loop": loop,
            "number": number,
            "kind": step.kind.value,
            "path": step.path,
            "line": key.line_prefix,
            "truth": step.truth,
            "shown": key.seen.text,
            "right": key.is_right,
            "broken": key.is_broken,
            "ms": round(key.latency_ms, 1) if key.seen.answer else None,
            "source": effort.source,
            "reason": effort.reason,
            "confidence": effort.confidence,
            "prompt_tokens": effort.num_prompt_tokens,
            "reused_tokens": effort.num_reused_tokens,
            "generated_tokens": effort.num_generated_tokens,
        }


def _saved(keys: Sequence[Judged]) -> tuple[int, int]:
    """Typed keys saved, and characters accepted, if every right suggestion were taken when it first showed.

    A taken suggestion gives the whole lines of it that are right; the keys that would have typed
    them do not happen. The key that accepts is not counted.
    """
    num_saved = num_accepted = num_left = 0
    for key in keys:
        step = key.seen.step
        if num_left and step.kind is not Kind.JUMP:
            num_saved += step.kind in _TYPED
            num_left = max(0, num_left - len(step.text) + (step.end - step.start))
            continue
        num_left = 0
        if key.is_right:
            num_left = num_matching_characters(key.seen.text, step.truth)
            num_accepted += num_left
    return num_saved, num_accepted


def _reused_share(keys: Sequence[Judged]) -> float | None:
    """Of the prompt tokens of typed characters that ran the model, in a file where a key went before."""
    warm = [
        key.seen.effort
        for before, key in itertools.pairwise(keys)
        if key.seen.step.kind is Kind.CHARACTER
        and before.seen.step.kind is not Kind.JUMP
        and key.seen.effort.source == "model"
        and key.seen.effort.num_prompt_tokens
    ]
    return _share(sum(e.num_reused_tokens for e in warm), sum(e.num_prompt_tokens for e in warm)) if warm else None


def _of_kind(keys: Sequence[Judged], kind: Kind) -> list[float]:
    return [key.latency_ms for key in keys if key.seen.step.kind is kind]


def _quantile(times_ms: Sequence[float], share: float) -> float | None:
    """The smallest time that ``share`` of them do not exceed; ``None`` for none."""
    return round(sorted(times_ms)[math.ceil(share * len(times_ms)) - 1], 2) if times_ms else None


def _share(part: float, whole: float) -> float:
    return round(part / whole, 4) if whole else 0.0


def _per_100(part: int, whole: int) -> float:
    return round(100 * part / whole, 2)
