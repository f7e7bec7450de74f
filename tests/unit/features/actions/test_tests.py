"""Write tests: in the right framework, and only such as test something."""

from __future__ import annotations

import pytest

from fimble.checks.finding import fatal
from fimble.features.actions.tests import WriteTests
from tests.unit.features.actions.pages import at

TESTS = WriteTests()
URI = "file:///src/tools.py"


def test_a_written_function_is_offered_and_imported() -> None:
    selection, page = at("python", "def f(a):\n    return ‸a\n", uri=URI)
    (offer,) = TESTS.offers(selection, page)
    assert offer.title == "Write tests for f"
    task = TESTS.task(offer, page)
    assert task.start == "```python\nfrom tools import f\n\n\ndef test_"
    assert TESTS.offers(*at("python", "def f(a):\n    ‸pass\n", uri=URI)) == []
    assert TESTS.offers(*at("python", "x = ‸1\n", uri=URI)) == []


def test_a_method_is_tested_through_its_class() -> None:
    selection, page = at("python", "class S:\n    def f(self):\n        return ‸1\n", uri=URI)
    (offer,) = TESTS.offers(selection, page)
    assert "from tools import S\n" in TESTS.task(offer, page).start


@pytest.mark.parametrize(
    ("project_tests", "framework"),
    [("", "pytest"), ("import unittest\n", "unittest"), ("import unittest\nimport pytest\n", "pytest")],
)
def test_the_project_s_own_framework_is_used(project_tests: str, framework: str) -> None:
    selection, page = at("python", "def f(a):\n    return ‸a\n", uri=URI, project_tests=project_tests)
    (offer,) = TESTS.offers(selection, page)
    task = TESTS.task(offer, page)
    assert framework in task.messages[0].text
    assert ("import unittest" in task.start) == (framework == "unittest")


def test_go_tests_stand_in_the_package_of_what_they_test() -> None:
    selection, page = at("go", "package tools\n\nfunc f() int { return ‸1 }\n")
    (offer,) = TESTS.offers(selection, page)
    assert TESTS.task(offer, page).start == '```go\npackage tools\n\nimport "testing"\n\nfunc Test'


def test_tests_that_test_nothing_or_cannot_run_are_refused() -> None:
    selection, page = at("python", "def f(a):\n    return ‸a\n", uri=URI)
    (offer,) = TESTS.offers(selection, page)
    check = TESTS.task(offer, page).check
    head = "from tools import f\n\n\n"
    assert check(head + "def test_f():\n    assert f(1) == 1\n") == ()
    assert fatal(check(head + "def test_f():\n    f(1)\n"))
    assert fatal(check(head + "def test_f():\n    assert 1 == 1\n"))
    assert fatal(check(head + "def test_f():\n    assert f(1) == missing\n"))
    done = TESTS.done(offer, page, head)
    assert done.document is not None and done.document.name == "test_tools.py"
