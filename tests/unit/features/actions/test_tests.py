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
    assert fatal(check(head + "def test_f():\n    assert f(1) == 1\n")) == ()
    assert fatal(check(head + "def test_f():\n    f(1)\n"))
    assert fatal(check(head + "def test_f():\n    assert 1 == 1\n"))
    assert fatal(check(head + "def test_f():\n    assert f(1) == missing\n"))
    done = TESTS.done(offer, page, head)
    assert done.document is not None and done.document.name == "test_tools.py"


def opening(language: str, marked: str, uri: str, project: str = "") -> str:
    selection, page = at(language, marked, uri=uri, project_tests=project)
    (offer,) = TESTS.offers(selection, page)
    return TESTS.task(offer, page).start.partition("\n")[2]


@pytest.mark.parametrize(
    ("project", "framework"),
    [
        ('{"devDependencies": {"jest": "^29"}}', "Jest"),
        ('{"devDependencies": {"vitest": "^2"}}', "Vitest"),
        ('{"scripts": {"test": "mocha"}}', "Mocha"),
        ('{"scripts": {"test": "node --test"}}', "node:test"),
        ("", "node:test"),
    ],
)
def test_a_javascript_project_s_framework_is_told_by_its_manifest(project: str, framework: str) -> None:
    for source in ("export function f(a) { return ‸a; }\n", "function f(a) { return ‸a; }\nmodule.exports = { f };\n"):
        selection, page = at("javascript", source, uri="file:///src/tools.js", project_tests=project)
        (offer,) = TESTS.offers(selection, page)
        task = TESTS.task(offer, page)
        assert framework in task.messages[0].text
        is_module = source.startswith("export")
        assert (
            "import { f } from './tools.js';" if is_module else "const { f } = require('./tools.js');"
        ) in task.start
        done = TESTS.done(offer, page, "x")
        assert done.document is not None
        usual = "tools.test.mjs" if is_module else "tools.test.cjs"
        assert done.document.name == (usual if framework == "node:test" else "tools.test.js")


def test_java_tests_stand_in_their_package_and_use_what_the_build_names() -> None:
    source = "package a.b;\n\nclass Tools {\n  int f() { return ‸1; }\n}\n"
    assert opening("java", source, "file:///Tools.java").startswith("package a.b;\n\nimport static org.junit.jupiter")
    pom = "<dependency><artifactId>junit</artifactId></dependency>"
    assert "import org.junit.Test;" in opening("java", source, "file:///Tools.java", pom)
    for project in ("", pom, "testng"):
        assert opening("java", source, "file:///Tools.java", project).endswith("class ToolsTest {\n"), "as its file is"
    assert "org.testng" in opening("java", source, "file:///Tools.java", "testImplementation 'org.testng:testng:7'")


def test_rust_tests_stand_at_the_end_of_the_source() -> None:
    selection, page = at("rust", "fn f(a: i32) -> i32 {\n    ‸a\n}\n")
    (offer,) = TESTS.offers(selection, page)
    assert "mod tests {\n    use super::*;" in TESTS.task(offer, page).start
    done = TESTS.done(offer, page, "#[cfg(test)]\nmod tests {\n}\n")
    (edit,) = done.edits
    assert page.parsed.text[: edit.start] + edit.text == (
        "fn f(a: i32) -> i32 {\n    a\n}\n\n#[cfg(test)]\nmod tests {\n}\n"
    )
    assert "mod f_tests {" in opening("rust", "fn f(a: i32) -> i32 {\n    ‸a\n}\n\nmod tests {}\n", "file:///a.rs")


def test_modules_are_imported_by_a_name_that_python_can_read() -> None:
    source = "def f(a):\n    return ‸a\n"
    assert opening("python", source, "file:///p/my-tool.py").startswith(
        'from importlib import import_module\n\nf = import_module("my-tool").f\n'
    )
    known = "import pytest\nfrom shop.cart import add\n"
    assert opening("python", source, "file:///src/shop/prices/tax.py", known).startswith(
        "from shop.prices.tax import f\n"
    )
    assert opening("python", source, "file:///src/other/tax.py", known).startswith("from tax import f\n")


def test_of_python_only_whole_tests_are_kept_and_no_more_than_are_read() -> None:
    selection, page = at("python", "def f(a):\n    return ‸a\n")
    (offer,) = TESTS.offers(selection, page)
    task = TESTS.task(offer, page)
    tests = [f"def test_{number}():\n    assert f({number})\n" for number in range(9)]
    cut_off = "import pytest\n\n\n" + "\n\n".join(tests[:2]) + "\n\n@pytest.mark.slow\ndef test_2():\n    assert f([1,"
    assert task.cut(f"```python\n{cut_off}") == "import pytest\n\n\n" + "\n\n".join(tests[:2])
    many = "\n\n".join(tests)
    assert task.cut(f"```python\n{many}```") == "\n\n".join(tests[:6])
    assert task.is_over(f"```python\n{many}") and not task.is_over("```python\n" + "\n\n".join(tests[:6]))
    assert task.cut("```python\ndef test_1(:\n```") == "def test_1(:\n"


def test_what_tests_use_of_their_framework_is_imported() -> None:
    selection, page = at("python", "def f(a):\n    return ‸a\n", uri="file:///a.py")
    (offer,) = TESTS.offers(selection, page)
    mend = TESTS.task(offer, page).mend
    code = "from a import f\n\n\ndef test_f():\n    with pytest.raises(ValueError):\n        f(1)\n"
    assert mend(code) == f"import pytest\n\n{code}" == mend(mend(code))
    assert mend(code.replace("pytest.raises", "raises")) == code.replace("pytest.raises", "raises")
