"""Translations against their source, by running both with the same arguments."""

from __future__ import annotations

import pytest

from fimble.checks import node
from fimble.checks.agreement import can_compare, cases_of, check_agreement

pytestmark = pytest.mark.skipif(not can_compare(), reason="Node is not installed: translations cannot be run")

SOURCE = """from typing import List

def pair_sums(numbers: List[int]) -> List[int]:
    return [a + b for a, b in zip(numbers, numbers[1:])]
"""
RIGHT = "function pairSums(numbers) {\n  return numbers.slice(1).map((each, place) => each + numbers[place]);\n}\n"


def said(source: str, code: str) -> list[str]:
    return [finding.message for finding in check_agreement(code, cases_of(source))]


def test_what_comes_to_the_same_agrees_under_either_name() -> None:
    assert len(cases_of(SOURCE)["pair_sums"]) >= 8
    assert said(SOURCE, RIGHT) == []
    assert said(SOURCE, "export const pair_sums = (n) => n.slice(1).map((x, i) => x + n[i]);\n") == []
    assert said(SOURCE, RIGHT + "\nmodule.exports = { pairSums };\nconsole.log(pairSums([1]));\n") == []


@pytest.mark.parametrize(
    "code",
    [
        RIGHT.replace("+", "-"),
        RIGHT.replace("slice(1)", "slice(0)"),
        RIGHT.replace("numbers.slice", "missing.slice"),
        "function pairSums(numbers) { while (true) {} }",
        "function pairSums(numbers) { throw new Error('no'); }",
        "function pairSums(numbers) { return undefined; }",
        "missing();\nfunction pairSums(numbers) { return []; }",
    ],
)
def test_what_comes_to_something_else_is_told(code: str) -> None:
    (message,) = said(SOURCE, code)
    assert message.startswith("pair_sums(") and "in Python, but" in message


def test_rounding_whole_floats_and_tuples_are_no_difference() -> None:
    assert (
        said("def f(n: int):\n    return (n / 1, None, 0.1 + 0.2, n > 3)\n", "const f = n => [n, null, 0.3, n > 3];")
        == []
    )
    assert said("def f(n: int):\n    return n > 3\n", "const f = n => Number(n > 3);") != []


@pytest.mark.parametrize(
    ("body", "least"),
    [
        ("a.upper()", 5),
        ("[each + 1 for each in a]", 5),
        ("a[0] if len(a) else None", 5),
        ("a % 3 == 0", 5),
        ("a + 1", 5),
        ("list(range(a))", 3),
        ("a + a", 0),
        ("str(a)", 0),
    ],
)
def test_without_annotations_it_is_told_by_its_use_or_not_at_all(body: str, least: int) -> None:
    """What means one thing to Python and another to JavaScript, such as ``+`` of lists, must not be guessed."""
    found = cases_of(f"def f(a):\n    return {body}\n").get("f", [])
    assert len(found) >= least and bool(found) == bool(least)


@pytest.mark.parametrize(
    "source",
    [
        "import os\ndef f(a): return os.listdir(a)\n",
        "def f(a): return open(a)\n",
        "x = 1\n",
        "def f(:\n",
        "def f(*a): return a\n",
    ],
)
def test_what_must_not_or_cannot_be_run_is_not(source: str) -> None:
    assert cases_of(source) == {}


def test_numbers_are_compared_as_they_are() -> None:
    big = "def f(n: int):\n    return 9007199254740000 + n\n"
    assert said(big, "const f = n => 9007199254740000 + n;") == []
    assert said(big, "const f = n => 9007199254740001 + n;") != []
    assert said("def f(n: int):\n    return None\n", "const f = n => undefined;") == []
    assert said("def f(n: int):\n    return None\n", "const f = n => n / 0 - n / 0;") != []
    assert cases_of("def f(n: int):\n    return 2 ** 80 + n\n") == {}


def test_a_function_that_is_missing_is_told() -> None:
    assert said("def f_x(n: int):\n    return n\n", "const g = n => n;") == ["there is no function f_x"]
    assert said("def f_x(n: int):\n    return n\n", "exports.fX = n => n;") == []


ESCAPES = {
    "escaped letters": r"(() => {}).con\u0073tructor('return this')()",
    "joined words": "(() => {})['const' + 'ructor']('return this')()",
    "a refused promise": (
        "(() => {})['const' + 'ructor']('return imp' + 'ort(\"fs\")')().then(() => {}, (e) => "
        "e['const' + 'ructor']['const' + 'ructor']('return proc' + 'ess')().getBuiltin)"
    ),
    "frames": "Error['prepare' + 'StackTrace'] = (e, all) => all.map((a) => a.getThis()); new Error().stack[9].on()",
}


@pytest.mark.parametrize("code", ESCAPES.values(), ids=ESCAPES.keys())
def test_what_would_leave_the_context_cannot(code: str) -> None:
    """Either it is not run, or it fails where it tries: what it got must not be of use."""
    written = f"const f = (n) => {{ const got = {code}; return typeof got; }};"
    assert all("raises" in each for each in said("def f(n: int):\n    return n\n", written))


@pytest.mark.parametrize(
    "program",
    [
        "process.kill(process.ppid, 0)",
        "process.binding('fs')",
        "require('fs').writeFileSync('x', '')",
        "require('fs').readFileSync('/etc/hostname')",
        "require('child_process').execSync('true')",
    ],
)
def test_the_process_itself_is_limited(program: str) -> None:
    _, output = node.output_of(f"try {{ {program}; console.log('done') }} catch (e) {{ console.log('refused') }}")
    assert output == b"refused\n"


def test_a_translation_that_reaches_out_is_not_run() -> None:
    for code in ("require('fs');\nconst f = n => 0;", "const f = n => process.exit(1);", "const f = n => eval('1');"):
        assert said("def f(n: int):\n    return n\n", code) == []
