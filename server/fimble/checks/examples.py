"""Does a function do what its docstring shows? Its own examples are run, where it is harmless to run it.

Doctests (``>>> f(1)`` and the value below), and lines such as ``f(1) == 2``, ``f(1) -> 2``, ``f(1) # returns 2``. Only
examples whose arguments and value are literals count: others say nothing without their surroundings.
"""

from __future__ import annotations

import ast
import doctest
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from fimble.checks.execution import Verdict, output_of
from fimble.checks.finding import Finding, Kind
from fimble.checks.harmless import is_harmless

TIMEOUT_S = 4.0
MAX_EXAMPLES = 12
_SHOWN_CHARS = 120
_MEANS = re.compile(r"\s*(?:#\s*)?(?:==?>?|=+>|-+>|[➞→⇒]|(?:should\s+)?returns?|should be|is)\s*:?\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Example:
    """A call, and the value that it is said to have; both as Python."""

    call: str
    value: str


def examples_in(docstring: str, name: str) -> tuple[Example, ...]:
    """What ``docstring`` shows of the function ``name``, each call once."""
    found: dict[str, Example] = {}
    for example in (*_doctests(docstring, name), *_lines(docstring, name)):
        found.setdefault(example.call, example)
    return tuple(found.values())[:MAX_EXAMPLES]


def check_examples(program: str, name: str, examples: tuple[Example, ...]) -> tuple[Finding, ...]:
    """Which of ``examples`` do not hold for the function ``name`` of ``program``.

    Nothing where the program is not harmless, or this system cannot limit it.
    """
    if not examples or os.name != "posix":
        return ()
    try:
        tree = ast.parse(program)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    if not is_harmless(tree):
        return ()
    line = next((node.lineno for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name), 1)
    verdict, output = output_of(_asking(program, examples), TIMEOUT_S)
    try:
        answers = [str(answer) for answer in json.loads(output)]
    except ValueError:
        said = "does not end" if verdict is Verdict.TIMED_OUT else "stops the program"
        return (Finding(Kind.EXAMPLE, line, f"{examples[0].call} {said}"),)
    return tuple(
        Finding(Kind.EXAMPLE, line, f"{example.call} should be {example.value}, but {answer}")
        for example, answer in zip(examples, answers, strict=False)
        if answer
    )


def _asking(program: str, examples: tuple[Example, ...]) -> str:
    """A program that prints a JSON list: for each example nothing, or what it comes to instead."""
    cases = [(example.call, example.value) for example in examples]
    return f"""{_PROLOGUE}
_namespace = vars(_module)
_answers = []
try:
    exec(compile({program!r}, "checked", "exec"), _namespace)
except BaseException as error:
    _answers = [f"the code raises {{type(error).__name__}}: {{error}}"[:{_SHOWN_CHARS}]] * {len(cases)}
else:
    for call, value in {cases!r}:
        _answers.append(_compare(call, eval(value), _namespace))
_out.write(json.dumps(_answers))
_out.flush()
"""


_PROLOGUE = f"""
import io, json, math, sys, types
_out, sys.stdout = sys.stdout, io.StringIO()
_module = sys.modules["checked"] = types.ModuleType("checked")

def _same(one, other):
    if isinstance(one, float) and isinstance(other, (int, float)) and not isinstance(other, bool):
        return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-9)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return type(one) is type(other) and len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and one == other

def _compare(call, value, namespace):
    try:
        answer = eval(call, namespace)
    except BaseException as error:
        return f"raises {{type(error).__name__}}: {{error}}"[:{_SHOWN_CHARS}]
    return "" if _same(answer, value) or answer == value else f"is {{answer!r}}"[:{_SHOWN_CHARS}]
"""


def _doctests(docstring: str, name: str) -> Iterator[Example]:
    try:
        parsed = doctest.DocTestParser().get_examples(docstring)
    except ValueError:
        return
    for example in parsed:
        call, value = example.source.strip(), example.want.strip()
        if _is_call(call, name) and _is_literal(value):
            yield Example(call, value)


def _lines(docstring: str, name: str) -> Iterator[Example]:
    for line in docstring.split("\n"):
        for start in (match.start() for match in re.finditer(rf"\b{re.escape(name)}\(", line)):
            for end in (match.end() for match in re.finditer(r"\)", line[start:])):
                call = line[start : start + end]
                if _is_call(call, name):
                    value = _value_at(line[start + end :])
                    if value:
                        yield Example(call, value)
                    break


def _value_at(text: str) -> str:
    """The literal that ``text`` says the call comes to; empty where it says none."""
    means = _MEANS.match(text)
    if means is None:
        return ""
    value = text[means.end() :].strip().rstrip(".;,")
    for candidate in (value, value.partition("#")[0].strip(), re.split(r"\s{2,}|\s(?:because|since|as)\s", value)[0]):
        if _is_literal(candidate):
            return candidate
    return ""


def _is_call(text: str, name: str) -> bool:
    """Whether ``text`` calls ``name`` with nothing but literals."""
    try:
        node = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        return False
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id != name:
        return False
    values = [*node.args, *(keyword.value for keyword in node.keywords)]
    return all(keyword.arg for keyword in node.keywords) and all(_is_literal(ast.unparse(value)) for value in values)


def _is_literal(text: str) -> bool:
    try:
        ast.literal_eval(text)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return False
    return bool(text)
