"""``fimble bench document``: docstrings by Document for real functions, scored by stated rules.

Functions: drawn from the Python files of the corpus, with 3 to 40 lines in their bodies, neither
tests nor overloads. A function's own docstring is taken out of the file before the model sees it.

``num_code_changed``: functions after which the file is other code than before, by
``syntax.code.code_of``, or whose docstring stands elsewhere. Must be 0.
``given``: per cent of the functions that got documentation; the rest were refused.
Of those that did, sections read by docstring-parser (Google, NumPy, Sphinx and Epydoc; see
``sections`` for what is put right before, and what it cannot read counts as none):
``parameters_named``: of all parameters (``self`` and its like left out), those with an entry.
``parameters_invented``: of all entries, those that are no parameter.
``returns_right``: docstrings with a section on what is returned or yielded exactly where the
function yields, or returns something other than ``None``. A section that says "None" is none.
``raises_in_body``: of all exceptions with an entry, those whose name occurs in the function's body.
``num_with_lists``: docstrings whose entries are a list (``- name: ...``). They are read all the
same, but no style has that form. ``num_repeating``: docstrings in which a line of at least three
words stands twice.
``original``: the same for the docstrings that were taken out, as people wrote them.
``summary_f1``, ``docstring_f1``: where there was one, the mean overlap of words with it (F1 of
word counts, lower case, 0 to 100), for the first paragraph and for all of it. Two good
docstrings differ in words, so this compares models and prompts and says little alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from fimble.bench import docstrings
from fimble.bench.functions import Function, docstring_of
from fimble.bench.journal import Journal
from fimble.engine.base import CancelToken
from fimble.errors import ActionRefused, PromptTooLong
from fimble.features.actions.action import Done, Kind, Selection
from fimble.features.actions.actions import Actions, offers
from fimble.syntax.code import code_of
from fimble.text import Snapshot


@dataclass(frozen=True, slots=True)
class Documented:
    """What came of one function."""

    docstring: str | None
    """What stands in the file afterwards; ``None`` where nothing was given."""
    refusal: str
    is_changed: bool
    """Whether the code is another, or the docstring not where it belongs."""
    num_attempts: int
    milliseconds: float


def run(
    functions: Sequence[Function], actions: Actions, journal: Journal, on_function: Callable[[int], None]
) -> list[Documented]:
    """Document each function, alone in its file."""
    documented: list[Documented] = []
    for number, function in enumerate(functions):
        on_function(number)
        key = f"{function.path}/{function.number}/{function.name}"
        known = journal.get(key)
        if known is None:
            known = asdict(document(function, actions))
            journal.add(key, known)
        documented.append(Documented(**known))
    return documented


def document(function: Function, actions: Actions) -> Documented:
    """Choose Document at the function's ``def``, and apply what comes of it."""
    snapshot = Snapshot(f"file:///{function.path}", "python", 1, function.text)
    try:
        offered = offers(Selection(snapshot, function.offset, function.offset), {Kind.DOCUMENT})
        if not offered:
            return Documented(None, "Nothing was offered.", False, 0, 0.0)
        done = actions.run(offered[0], snapshot, CancelToken())
    except (ActionRefused, PromptTooLong) as error:
        return Documented(None, str(error), False, 0, 0.0)
    if not done.edits:
        return Documented(None, done.refusal, False, done.num_attempts, done.latency_ms)
    after = applied(function.text, done)
    docstring = docstring_of(after, function.number)
    is_changed = docstring is None or code_of(after, "python") != code_of(function.text, "python")
    return Documented(docstring or "", "", is_changed, done.num_attempts, done.latency_ms)


def applied(text: str, done: Done) -> str:
    """``text`` with the edits made."""
    for edit in sorted(done.edits, key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def summary(functions: Sequence[Function], documented: Sequence[Documented]) -> dict[str, Any]:
    """The figures that this module's text explains."""
    pairs = [
        (function, one.docstring)
        for function, one in zip(functions, documented, strict=True)
        if one.docstring is not None
    ]
    originals = [(function, text) for function, text in pairs if function.original]

    def overlap(part: Callable[[str], str]) -> float | None:
        found = [docstrings.token_f1(part(text), part(function.original)) for function, text in originals]
        return round(100 * fmean(found), 1) if found else None

    return {
        "num_functions": len(functions),
        "num_code_changed": sum(one.is_changed for one in documented),
        "given": round(100 * len(pairs) / len(functions), 1),
        **docstrings.summary([docstrings.quality(text, function) for function, text in pairs]),
        "summary_f1": overlap(docstrings.first_paragraph),
        "docstring_f1": overlap(str),
        "original": docstrings.summary(
            [docstrings.quality(function.original, function) for function in functions if function.original]
        ),
        "mean_attempts": round(fmean(one.num_attempts for one in documented), 2),
        "mean_ms": round(fmean(one.milliseconds for one in documented), 1),
    }
