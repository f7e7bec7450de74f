"""The bench of translation: the set-up, and that tests decide."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest

from fimble.bench import translate
from fimble.bench.journal import Journal
from fimble.bench.translate import Problem, Translated
from fimble.checks import node
from fimble.checks.execution import Verdict
from fimble.errors import ConfigError, DocumentError
from tests.unit.bench.scripted import Scripted

PAIR = ("python", "javascript")
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="JavaScript is run by node")
DOUBLE = Problem(
    "JavaScript/0",
    "def double_it(n: int) -> int:\n    return 2 * n\n",
    "const doubleIt = (n) => {\n",
    "console.assert(doubleIt(2) === 4)\n",
)


def solve(*answers: str, is_bare: bool = False, does_execute: bool = True) -> tuple[Translated, list[str]]:
    scripted = Scripted(answers)
    journal = Journal(None, {})
    (done,) = translate.run([DOUBLE], scripted.generator, PAIR, is_bare, does_execute, journal, lambda _: None)
    return done, scripted.prompts


def record(task: str, declaration: str, solution: str) -> dict[str, str]:
    return {"task_id": task, "declaration": declaration, "canonical_solution": solution, "test": "t", "prompt": "p"}


def write(file: Path, *records: dict[str, str]) -> Path:
    file.write_bytes(gzip.compress("".join(json.dumps(one) + "\n" for one in records).encode()))
    return file


def test_problems_are_paired_by_number_and_have_no_docstring(tmp_path: Path) -> None:
    data = write(
        tmp_path / "python.jsonl.gz",
        record("Python/7", "import math\n\n\ndef f(a):\n", "    return a\n"),
        record("Python/8", "def g(a):\n", "    return 8\n"),
    )
    tests = write(
        tmp_path / "js.jsonl.gz",
        record("JavaScript/8", "\nconst g = (a) => {\n", "  return 8;\n}\n"),
        record("JavaScript/7", "\nconst f = (a) => {\n", "  return a;\n}\n"),
    )
    first = translate.read_problems(data, tests, 0, 11)[0]
    assert first == Problem("JavaScript/7", "import math\n\n\ndef f(a):\n    return a\n", "const f = (a) => {\n", "t")
    assert len(translate.read_problems(data, tests, 1, 11)) == 1


def test_files_that_do_not_fit_are_named(tmp_path: Path) -> None:
    one = write(tmp_path / "one.jsonl.gz", record("Python/1", "d", "s"))
    other = write(tmp_path / "other.jsonl.gz", record("JavaScript/2", "d", "s"))
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"task_id": "Python/1"}\n', encoding="utf-8")
    for data, tests in ((one, other), (broken, other), (one, tmp_path / "missing.jsonl.gz")):
        with pytest.raises(DocumentError) as error:
            translate.read_problems(data, tests, 0, 1)
        assert error.value.hint


def test_the_model_is_asked_as_people_ask_and_begins_with_the_declaration() -> None:
    done, (prompt,) = solve("  return 2 * n;\n};\n```", does_execute=False)
    assert DOUBLE.source.rstrip() in prompt and "Translate this Python code to JavaScript" in prompt
    assert prompt.endswith("[assistant]```javascript\nconst doubleIt = (n) => {\n")
    assert "console.assert" not in prompt
    assert done.program == done.first == "const doubleIt = (n) => {\n  return 2 * n;\n};\n"
    assert (done.passed, done.first_passed) == (None, None)


@needs_node
def test_the_tests_decide() -> None:
    done, _ = solve("  return 2 * n;\n};\n```")
    assert (done.passed, done.first_passed, done.num_attempts) == (True, True, 1)
    done, _ = solve(*["  return 3 * n;\n};\n```"] * 4)
    assert (done.passed, done.first_passed, done.is_sound) == (False, False, True)


@needs_node
@pytest.mark.parametrize("runs_examples", [True, False])
def test_answers_are_tried_beside_their_source_unless_turned_off(runs_examples: bool) -> None:
    scripted = Scripted(["  return 3 * n;\n};\n```", "  return 2 * n;\n};\n```"])
    journal = Journal(None, {})
    (done,) = translate.run([DOUBLE], scripted.generator, PAIR, False, True, journal, lambda _: None, runs_examples)
    assert (done.num_attempts, done.passed, done.first_passed) == (1 + runs_examples, runs_examples, False)


@needs_node
def test_what_the_checks_find_is_mended_and_the_bare_answer_is_the_first() -> None:
    done, prompts = solve("  return 2 * ;\n};\n```", "  return 2 * n;\n};\n```")
    assert (done.passed, done.first_passed, done.num_attempts) == (True, False, 2)
    assert prompts[0] == prompts[1]
    bare, prompts = solve("  return 2 * ;\n};\n```", is_bare=True)
    assert (bare.passed, bare.first_passed, len(prompts)) == (False, False, 1)


@needs_node
def test_a_refusal_has_not_passed_and_the_repair_sees_the_declaration_once() -> None:
    done, prompts = solve(*["  return 2 * ;\n};\n```"] * 4)
    assert (done.passed, done.is_sound, done.num_attempts) == (False, False, 4) and done.findings
    assert prompts[3].count("[assistant]```javascript\nconst doubleIt") == 2
    assert prompts[3].count("const doubleIt") == 2
    done, _ = solve("", "", "", "")
    assert (done.passed, done.is_sound) == (False, False)
    done, _ = solve(*["  return n * 010 / 4;\n};\n```"] * 4)
    assert (done.passed, done.first_passed, done.is_sound) == (True, True, True), "a script may say more than a module"


def test_python_is_mended_where_the_bare_answer_is_not() -> None:
    half = Problem("Python/0", "const half = (n) => {\n  return n;\n}\n", "def half(n):\n", "assert half(4) == 2\n")
    scripted = Scripted(["    return math.floor(n / 2)\n```"])
    (done,) = translate.run(
        [half], scripted.generator, ("javascript", "python"), False, True, Journal(None, {}), lambda _: None
    )
    assert (done.passed, done.first_passed) == (True, False)


def test_a_run_that_was_interrupted_goes_on(tmp_path: Path) -> None:
    scripted = Scripted(["  return 2 * n;\n};\n```"])
    for _ in range(2):
        journal = Journal(tmp_path / "trace.jsonl", {})
        (done,) = translate.run([DOUBLE], scripted.generator, PAIR, False, False, journal, lambda _: None)
    assert len(scripted.prompts) == 1 and done.findings == ()


def test_figures_and_their_difference() -> None:
    good = Translated("p", True, (), 1, 100.0, True, "p", True)
    mended = Translated("p", True, (), 2, 300.0, True, "q", False)
    refused = Translated("p", False, ("line 1",), 4, 500.0, False, "q", False)
    assert translate.summary([good, mended, refused], False) == {
        "pass_at_1": 66.67,
        "num_problems": 3,
        "num_refused": 1,
        "mean_attempts": 2.33,
        "mean_ms": 300.0,
    }
    assert translate.summary([good, mended, refused], True)["pass_at_1"] == 33.33
    found = translate.difference([good, mended, refused])
    assert (found["num_only_first"], found["num_only_second"], found["difference_points"]) == (1, 0, 33.33)
    unknown = Translated("p", True, (), 1, 1.0, None, "p", None)
    assert translate.summary([unknown], False)["pass_at_1"] is None


def test_languages_that_cannot_be_translated_or_run_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert translate.check_languages("Python", "go", False) == ("python", "go")
    with pytest.raises(ConfigError, match="same"):
        translate.check_languages("python", "Python", False)
    with pytest.raises(ConfigError, match="Nothing here runs go"):
        translate.check_languages("python", "go", True)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(ConfigError, match="node, which is not installed"):
        translate.check_languages("python", "javascript", True)


@needs_node
@pytest.mark.parametrize(
    "program",
    [
        "console.assert(1 === 2)",
        "undefinedName()",
        "process.exit(0)",
        "Promise.reject(new Error('late'))",
        "/* the tests are swallowed",
        "const all = []; while (true) all.push(new Array(1e5).fill(1.5))",
        "require('node:child_process').execSync('true')",
        "require('node:fs').writeFileSync('file', '')",
        "require('node:fs').readFileSync('/etc/hostname')",
        "require('node:net').connect(9, '127.0.0.1').on('error', () => {})",
        "require('node:dns').lookup('localhost', () => {})",
    ],
)
def test_a_program_that_does_what_it_may_not_has_failed(program: str) -> None:
    assert node.execute(program) is Verdict.FAILED


@needs_node
def test_a_program_that_ends_well_has_passed_whatever_it_prints() -> None:
    md5 = "5f4dcc3b5aa765d61d8327deb882cf99"
    program = f"console.log('x'); console.assert(require('js-md5')('password') === '{md5}')"
    assert node.execute(program) is Verdict.PASSED


@needs_node
def test_a_program_that_waits_is_ended() -> None:
    assert node.execute("setInterval(() => {}, 1000)", timeout_s=1.0) is Verdict.TIMED_OUT
