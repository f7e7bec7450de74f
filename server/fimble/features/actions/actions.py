"""All code actions: what can be done here, and doing it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from fimble.engine.base import CancelToken
from fimble.errors import ActionRefused
from fimble.features.actions.action import Action, Done, Kind, Offer, Page, Selection
from fimble.features.actions.document import Document
from fimble.features.actions.explain import Explain
from fimble.features.actions.fix import Fix
from fimble.features.actions.implement import Implement
from fimble.features.actions.tests import WriteTests
from fimble.features.actions.translate import Translate
from fimble.features.actions.unused import without_unused
from fimble.features.generation.generator import Generated, Generator
from fimble.features.generation.steps import Steps, aside, finish
from fimble.features.generation.turn import Turn
from fimble.syntax.trees import TREES
from fimble.text import Cursor, Snapshot

ALL = frozenset(Kind)
CHUNK_TOKENS = 32
"""What one step of warming takes."""
_IMPLEMENT = Implement()
_ACTIONS: tuple[Action, ...] = (Fix(), _IMPLEMENT, Document(), WriteTests(), Explain(), Translate())
_BY_KIND = {action.kind: action for action in _ACTIONS}
_WITHOUT_MODEL: dict[Kind, Callable[[Offer, Page], Done | None]] = {Kind.FIX: without_unused}
"""What may be known without asking the model; nothing where it is to be asked."""


def offers(selection: Selection, kinds: Collection[Kind] = ALL) -> list[Offer]:
    """What can be done with ``selection``, the likeliest first; soon, on any thread, and without the model.

    Who asks for translations alone and has nothing selected means the document.
    """
    if set(kinds) == {Kind.TRANSLATE} and selection.start == selection.end:
        selection = replace(selection, start=0, end=len(selection.snapshot.text))
    page = _page(selection.snapshot, selection.start)
    if page is None:
        return []
    return [offer for action in _ACTIONS if action.kind in kinds for offer in action.offers(selection, page)]


class Actions:
    """Does what was offered; on the engine's thread."""

    def __init__(self, generator: Generator, runs_examples: bool = True) -> None:
        """``runs_examples`` as in ``Page``."""
        self._generator, self._runs_examples = generator, runs_examples

    def run(
        self,
        offer: Offer,
        snapshot: Snapshot,
        cancel: CancelToken,
        on_text: Callable[[str], None] = lambda _: None,
        project_tests: str = "",
    ) -> Done:
        """Do what was offered, all at once; the rest as in ``steps``."""
        return finish(self.steps(offer, snapshot, Turn(cancel), on_text, project_tests))

    def steps(
        self,
        offer: Offer,
        snapshot: Snapshot,
        turn: Turn,
        on_text: Callable[[str], None] = lambda _: None,
        project_tests: str = "",
    ) -> Steps[Done]:
        """Do what was offered for this very snapshot, with a break wherever ``turn`` gives way.

        ``on_text`` sees the answer as it grows. Raises ``ActionRefused`` where the place cannot be read (any more),
        ``ConfigError`` for an unknown language, ``EngineError``.
        """
        page = _page(snapshot, offer.start, project_tests, self._runs_examples)
        if page is None:
            raise ActionRefused("This document cannot be read as code.", "Check its language.")
        action = _BY_KIND[offer.kind]
        if (without := _WITHOUT_MODEL.get(offer.kind)) is not None:
            known = yield from aside(lambda: without(offer, page))
            if known is not None:
                return known
        generated = yield from self._generator.steps(action.task(offer, page), turn, on_text)
        done = action.done(offer, page, generated.best.code) if generated.is_sound else _refused(action, generated)
        return replace(
            done,
            findings=generated.best.findings,
            num_attempts=len(generated.attempts),
            latency_ms=generated.latency_ms,
        )

    def warm(self, cursor: Cursor, cancel: CancelToken) -> bool:
        """Read what Implement would be asked at ``cursor``, in idle time; whether there was anything to read."""
        page = _page(cursor.snapshot, cursor.offset)
        if page is None:
            return False
        found = _IMPLEMENT.offers(Selection(cursor.snapshot, cursor.offset, cursor.offset), page)
        return bool(found) and self._generator.warm(_IMPLEMENT.task(found[0], page), cancel, CHUNK_TOKENS)


def _refused(action: Action, generated: Generated) -> Done:
    wrong = [finding for finding in generated.best.findings if finding.kind.asks_for_another]
    said = "; ".join(str(finding) for finding in wrong[:3]) or "the model wrote nothing"
    return Done(refusal=f"No {action.wanted} passed the checks: {said}.", rejected=generated.best.code)


def _page(snapshot: Snapshot, offset: int, project_tests: str = "", runs_examples: bool = True) -> Page | None:
    parsed = TREES.at(Cursor(snapshot, offset))
    if parsed is None:
        return None
    return Page(parsed, snapshot.uri, project_tests, runs_examples, snapshot.text.count("\n", 0, parsed.start))
