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


def test_the_lines_shown_near_a_problem_hold_no_half_of_a_function() -> None:
    body = "".join(f"    a += {number}\n" for number in range(8))
    text = f"def before(a):\n{body}\nimport os\nimport sys\n\ndef after(a):\n{body}"
    place = text.index("import os")
    selection, page = at("python", text[:place] + "‸" + text[place:], (Problem(place, place + 9, "'os' is unused"),))
    (offer,) = FIX.offers(selection, page)
    said = FIX.task(offer, page).messages[0].text
    assert "import os\nimport sys\n" in said and "a +=" not in said and "def " not in said


@pytest.mark.parametrize(
    ("text", "what", "code"),
    [
        ("def f(a, b)\n    return a + b\n", "def f(a, b)", "def f(a, b):\n    return a + b\n"),
        ("def f(a):\n    if a > 1\n        return a\n", "a > 1", "def f(a):\n    if a > 1:\n        return a\n"),
        ("x = [1, 2\nprint(x)\n", "[1, 2", "x = [1, 2]\nprint(x)\n"),
        ("y = unknown\ndef f(a)\n    return a\n", "def f(a)", "y = unknown\ndef f(a):\n    return a\n"),
    ],
    ids=["a function's header", "a condition", "a bracket", "beside another fault"],
)
def test_a_document_that_did_not_parse_is_mended(text: str, what: str, code: str) -> None:
    assert fixed(code, text, what, "SyntaxError: invalid syntax") == code


def test_what_mends_a_document_is_checked_for_its_names() -> None:
    text = "def f(a)\n    return a\n"
    assert fixed("def f(a=missing):\n    return a\n", text, "def f(a)", "SyntaxError: expected ':'") is None
    text = "def f(a)\n    return a\n\nx = = 1\n"
    after = fixed(text.replace("f(a)", "f(a):"), text, "def f(a)", "SyntaxError: expected ':'")
    assert after == text.replace("f(a)", "f(a):"), "one fault of two is mended, too"


def test_one_of_two_faults_that_read_the_same_is_mended() -> None:
    text = "def f(a)\n    return a\n\n\ndef g(a)\n    return a\n"
    message = "SyntaxError: expected ':'"
    first = text.replace("f(a)", "f(a):")
    assert fixed("def f(a):\n    return a\n", text, "def f(a)", message) == first, "shown without the half of g"
    assert fixed(text.replace("g(a)", "g(a):"), text, "def g(a)", message) == text.replace("g(a)", "g(a):")
    assert fixed("def f(a) :::\n    return a\n", text, "def f(a)", message) is None
    text = "def f(a):\n    return missing(a)\n\n\ndef g(a):\n    return missing(a)\n"
    assert fixed("def f(a):\n    return len(a)\n", text) == text.replace("missing", "len", 1)
    assert fixed("def f(a):\n    return missing(a, 1)\n", text) is None


def test_nothing_is_offered_without_a_problem() -> None:
    assert FIX.offers(*at("python", "x = ‸1\n")) == []
