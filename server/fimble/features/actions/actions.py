"""All code actions: what can be done here, and doing it."""

from __future__ import annotations

from collections.abc import Callable, Collection

from fimble.engine.base import CancelToken
from fimble.errors import ActionRefused
from fimble.features.actions.action import Done, Kind, Offer, Selection
from fimble.features.actions.document import Document
from fimble.features.actions.explain import Explain
from fimble.features.actions.fix import Fix
from fimble.features.actions.implement import Implement
from fimble.features.actions.tests import WriteTests
from fimble.features.actions.translate import Translate
from fimble.features.generation.generator import Generated, Generator, Task
from fimble.syntax.parsed import Parsed
from fimble.syntax.trees import TREES
from fimble.text import Cursor, Snapshot

ALL = frozenset(Kind)
CHUNK_TOKENS = 32
"""What one step of warming takes."""


class Actions:
    """Offers on any thread; the work on the engine's."""

    def __init__(self, generator: Generator, project_tests: Callable[[], str] = str) -> None:
        """``project_tests``: texts of the project's own tests, as far as they are known."""
        self._generator, self._project_tests = generator, project_tests
        self._implement, self._document, self._explain = Implement(), Document(), Explain()
        self._translate, self._fix, self._tests = Translate(), Fix(), WriteTests()

    def offers(self, selection: Selection, kinds: Collection[Kind] = ALL) -> list[Offer]:
        """What can be done with ``selection``, the likeliest first; soon, and without the model."""
        parsed = _parsed(selection.snapshot, selection.start)
        if parsed is None:
            return []
        rooms = (self._fix, self._implement, self._document, self._tests, self._explain, self._translate)
        return [offer for room in rooms if room.kind in kinds for offer in room.offers(selection, parsed)]

    def run(
        self, offer: Offer, snapshot: Snapshot, cancel: CancelToken, on_text: Callable[[str], None] = lambda _: None
    ) -> Done:
        """Do what was offered for this very snapshot. ``on_text`` sees the answer as it grows.

        Raises ``ActionRefused`` where the place cannot be read any more, ``ConfigError`` for an unknown language,
        ``EngineError``.
        """
        parsed = _parsed(snapshot, offer.start)
        if parsed is None:
            raise ActionRefused("This document cannot be read as code.", "Check its language.")
        try:
            generated = self._generator.generate(self._task(offer, parsed, snapshot.uri), cancel, on_text)
        except StopIteration:
            raise ActionRefused("What was selected is not there any more.", "Select it again.") from None
        return self._done(offer, parsed, snapshot.uri, generated)

    def warm(self, cursor: Cursor, cancel: CancelToken) -> bool:
        """Read what Implement would be asked at ``cursor``, in idle time; whether there was anything to read."""
        parsed = _parsed(cursor.snapshot, cursor.offset)
        if parsed is None:
            return False
        offers = self._implement.offers(Selection(cursor.snapshot, cursor.offset, cursor.offset), parsed)
        return bool(offers) and self._generator.warm(self._implement.task(offers[0], parsed), cancel, CHUNK_TOKENS)

    def _task(self, offer: Offer, parsed: Parsed, uri: str) -> Task:
        if offer.kind is Kind.TESTS:
            return self._tests.task(offer, parsed, uri, self._project_tests())
        rooms = (self._implement, self._document, self._explain, self._translate, self._fix)
        return next(room for room in rooms if room.kind is offer.kind).task(offer, parsed)

    def _done(self, offer: Offer, parsed: Parsed, uri: str, generated: Generated) -> Done:
        if offer.kind is Kind.TESTS:
            return self._tests.done(offer, parsed, generated, uri, self._project_tests())
        if offer.kind is Kind.TRANSLATE:
            return self._translate.done(offer, parsed, generated, uri)
        rooms = (self._implement, self._document, self._explain, self._fix)
        return next(room for room in rooms if room.kind is offer.kind).done(offer, parsed, generated)


def _parsed(snapshot: Snapshot, offset: int) -> Parsed | None:
    return TREES.at(Cursor(snapshot, offset))
