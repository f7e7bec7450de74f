"""Write tests: in the right framework, and only such as test something."""

from __future__ import annotations

from fimble.checks.finding import fatal
from fimble.features.actions.tests import WriteTests
from fimble.features.generation.generator import Attempt, Generated
from tests.unit.features.actions.test_implement import at

TESTS = WriteTests()
URI = "file:///src/tools.py"


def test_a_written_function_is_offered_and_imported() -> None:
    selection, parsed = at("python", "def f(a):\n    return ‸a\n")
    (offer,) = TESTS.offers(selection, parsed)
    assert offer.title == "Write tests for f"
    task = TESTS.task(offer, parsed, URI)
    assert task.start == "```python\nfrom tools import f\n\n\ndef test_"
    assert TESTS.offers(*at("python", "def f(a):\n    ‸pass\n")) == []
    assert TESTS.offers(*at("python", "x = ‸1\n")) == []


def test_a_method_is_tested_through_its_class() -> None:
    selection, parsed = at("python", "class S:\n    def f(self):\n        return ‸1\n")
    (offer,) = TESTS.offers(selection, parsed)
    assert "from tools import S\n" in TESTS.task(offer, parsed, URI).start


def test_the_project_s_own_framework_is_used() -> None:
    selection, parsed = at("python", "def f(a):\n    return ‸a\n")
    (offer,) = TESTS.offers(selection, parsed)
    assert "unittest" in TESTS.task(offer, parsed, URI, "import unittest\n").start
    assert "unittest" not in TESTS.task(offer, parsed, URI, "import unittest\nimport pytest\n").start
    selection, parsed = at("go", "package tools\n\nfunc f() int { return ‸1 }\n")
    (offer,) = TESTS.offers(selection, parsed)
    assert TESTS.task(offer, parsed, "file:///a.go").start == '```go\npackage tools\n\nimport "testing"\n\nfunc Test'


def test_tests_that_test_nothing_or_cannot_run_are_refused() -> None:
    selection, parsed = at("python", "def f(a):\n    return ‸a\n")
    (offer,) = TESTS.offers(selection, parsed)
    check = TESTS.task(offer, parsed, URI).check
    head = "from tools import f\n\n\n"
    assert check(head + "def test_f():\n    assert f(1) == 1\n") == ()
    assert fatal(check(head + "def test_f():\n    f(1)\n"))
    assert fatal(check(head + "def test_f():\n    assert 1 == 1\n"))
    assert fatal(check(head + "def test_f():\n    assert f(1) == missing\n"))
    attempt = Attempt(head, (), -0.1)
    done = TESTS.done(offer, parsed, Generated(attempt, (attempt,), 1.0, 3), URI)
    assert done.document is not None and done.document.name == "test_tools.py"
