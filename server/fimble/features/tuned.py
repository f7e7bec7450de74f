"""Features that answer each document with its workspace's adapter.

Nothing that was written with one adapter is shown under another: each has a feature, and so caches, of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fimble.engine.base import CancelToken
from fimble.features.actions.action import Done, Offer
from fimble.features.actions.actions import Actions
from fimble.features.generation.steps import Steps
from fimble.features.generation.turn import Turn
from fimble.features.inline import InlineFeature
from fimble.features.pace import Pace
from fimble.features.tuning import Tuning
from fimble.text import Cursor, Outcome, Snapshot

MAX_FEATURES = 4
"""Kept at a time, besides that of the model as it is."""


class TunedInline:
    """Inline completion. ``suggest`` and ``idle`` on the engine's thread, the rest on any."""

    def __init__(self, tuning: Tuning, make: Callable[[Pace], InlineFeature]) -> None:
        """``make``: a new feature, which learns the engine's pace with the others."""
        self._tuning, self._make, self._pace = tuning, make, Pace()
        self._features = {"": make(self._pace)}
        """By the fingerprint of the adapter; the last used last."""
        self._num_run_before = 0

    def recall(self, cursor: Cursor) -> Outcome | None:
        """As ``InlineFeature.recall``; nothing where the adapter's files have changed."""
        fingerprint = self._tuning.known_for(cursor.snapshot.uri)
        feature = None if fingerprint is None else self._features.get(fingerprint)
        found = None if feature is None else feature.recall(cursor)
        return None if found is None else replace(found, adapter=fingerprint or "")

    def joins(self, cursor: Cursor) -> bool:
        """As ``InlineFeature.joins``."""
        fingerprint = self._tuning.known_for(cursor.snapshot.uri)
        feature = None if fingerprint is None else self._features.get(fingerprint)
        return feature is not None and feature.joins(cursor)

    def suggest(
        self, cursor: Cursor, cancel: CancelToken, num_candidates: int = 1, is_hurried: bool = False
    ) -> Outcome:
        """As ``InlineFeature.suggest``."""
        fingerprint = self._tuning.use_for(cursor.snapshot.uri)
        outcome = self._feature(fingerprint).suggest(cursor, cancel, num_candidates, is_hurried)
        return replace(outcome, adapter=fingerprint)

    def idle(self, cursor: Cursor, cancel: CancelToken) -> bool:
        """As ``InlineFeature.idle``; an adapter that nobody waited for yet is made ready."""
        return self._feature(self._tuning.use_for(cursor.snapshot.uri)).idle(cursor, cancel)

    def forget(self, uri: str) -> None:
        """The document is closed."""
        for feature in list(self._features.values()):
            feature.forget(uri)

    @property
    def answer_ms(self) -> float:
        """As ``InlineFeature.answer_ms``."""
        return self._pace.answer_ms

    @property
    def num_run_tokens(self) -> int:
        """As ``InlineFeature.num_run_tokens``."""
        return self._num_run_before + sum(feature.num_run_tokens for feature in list(self._features.values()))

    def _feature(self, fingerprint: str) -> InlineFeature:
        feature = self._features.pop(fingerprint, None) if fingerprint else self._features[""]
        if feature is None:
            feature = self._make(self._pace)
        self._features[fingerprint] = feature
        while len(self._features) > 1 + MAX_FEATURES:
            oldest = next(one for one in self._features if one)
            self._num_run_before += self._features.pop(oldest).num_run_tokens
        return feature


class TunedActions:
    """Code actions; on the engine's thread."""

    def __init__(self, tuning: Tuning, actions: Actions) -> None:
        self._tuning, self._actions = tuning, actions

    def steps(
        self,
        offer: Offer,
        snapshot: Snapshot,
        turn: Turn,
        on_text: Callable[[str], None] = lambda _: None,
        project_tests: str = "",
    ) -> Steps[Done]:
        """As ``Actions.steps``. Between two steps others may have had the engine, with another adapter."""
        steps = self._actions.steps(offer, snapshot, turn, on_text, project_tests)
        while True:
            self._tuning.use_for(snapshot.uri)
            try:
                job = next(steps)
            except StopIteration as end:
                done: Done = end.value
                return done
            yield job

    def warm(self, cursor: Cursor, cancel: CancelToken) -> bool:
        """As ``Actions.warm``."""
        self._tuning.use_for(cursor.snapshot.uri)
        return self._actions.warm(cursor, cancel)
