"""Fix: a minimal edit that takes the problem away."""

from __future__ import annotations

import pytest

from fimble.checks.finding import fatal
from fimble.features.actions.action import Problem
from fimble.features.actions.edits import applied
from fimble.features.actions.fix import Fix
from tests.unit.features.actions.pages import at

FIX = Fix()
CODE = "import os\n\n\ndef f(a):\n    b = a\n    return missing(b)\n\n\nx = 1\n"


def fixed(code: str, text: str = CODE, what: str = "missing", message: str = "undefined name 'missing'") -> str | None:
    """The text after a fix; ``None`` for one that is refused."""
    place = text.index(what)
    problem = Problem(place, place + len(what), message)
    selection, page = at("python", text[:place] + "‸" + text[place:], (problem,))
    (offer,) = FIX.offers(selection, page)
    if fatal(FIX.task(offer, page).check(code)):
        return None
    return applied(page.parsed, FIX.edits(offer, page.parsed, code))


def test_only_the_lines_that_differ_are_changed() -> None:
    assert fixed("def f(a):\n    b = a\n    return len(b)\n") == CODE.replace("missing", "len")
    assert fixed("def f(a):\n  b = a\n  return len(b)\n") == CODE.replace("missing", "len"), "at the file's own step"
    windows = CODE.replace("\n", "\r\n")
    assert fixed("def f(a):\n    b = a\n    return len(b)\n", windows) == windows.replace("missing", "len")


@pytest.mark.parametrize(
    "code",
    [
        "def f(a):\n    b = a\n",
        "def f(a):\n    b = a\n    return missing(b)\n",
        "def f(a):\n    b = a\n    return missing(b, 1)\n",
        "def f(a):\n    b = a\n    return other(b)\n",
        "def f(a):\n    b = a\n    return len(b\n",
        "",
    ],
    ids=["deleted", "the same", "still there", "another name", "broken", "nothing"],
)
def test_what_is_no_fix_is_refused(code: str) -> None:
    assert fixed(code) is None


def test_a_problem_outside_of_functions_is_shown_with_the_lines_near_it() -> None:
    text = "a = 1\n" * 20 + "b = missing\n" + "c = 1\n" * 20
    place = text.index("missing")
    problem = Problem(place, place + 7, "undefined name 'missing'")
    selection, page = at("python", text[:place] + "‸" + text[place:], (problem,))
    (offer,) = FIX.offers(selection, page)
    said = FIX.task(offer, page).messages[0].text
    assert "b = missing" in said and 5 <= said.count("= 1\n") <= 10


def test_nothing_is_offered_without_a_problem() -> None:
    assert FIX.offers(*at("python", "x = ‸1\n")) == []
