"""Does a JavaScript translation come to the same as its Python source? Both are run with the same arguments.

Only where both are harmless: the source by its syntax tree (``harmless``), the translation by its words, in a context
that has nothing but the language and makes no code out of text, in a limited process (``node``) and only where that
node can be kept from files and processes. What the source itself refuses is not asked of the translation.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from typing import Any

from fimble.checks import node
from fimble.checks.execution import output_of
from fimble.checks.finding import Finding, Kind
from fimble.checks.harmless import is_harmless
from fimble.checks.inputs import inputs_for

SOURCE_S, TRANSLATION_S = 3.0, 5.0
MAX_CASES = 16
MAX_FUNCTIONS = 3
_SHOWN_CHARS = 80
_REACHES_OUT = re.compile(
    r"\b(?:require|import|process|globalThis|global|constructor|__proto__|eval|Function|fetch|WebAssembly|Worker"
    r"|XMLHttpRequest|Deno|Bun|prepareStackTrace|getBuiltinModule)\b|\\[ux]"
)
"""Words that lead out of the language, and escapes that could write them."""
_EXPORTS = re.compile(r"^export\s+(?:default\s+)?(?=(?:async\s+)?function|const|let|class)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Case:
    """A call of the source, and what it comes to; both fit for JSON."""

    arguments: list[Any]
    value: Any


def can_compare() -> bool:
    """Whether translations can be run here."""
    return node.is_limited()


def cases_of(source: str) -> dict[str, list[Case]]:
    """For each of the first functions of a Python text: calls that it answers. Empty where it must not be run."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return {}
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)][:MAX_FUNCTIONS]
    if not functions or not is_harmless(tree):
        return {}
    tries = {function.name: inputs_for(function) for function in functions}
    _, output = output_of(_ASKING.format(source=source, tries=json.dumps(tries)), SOURCE_S)
    try:
        answered = json.loads(output)
    except ValueError:
        return {}
    return {name: _telling([Case(*pair) for pair in pairs]) for name, pairs in answered.items() if pairs}


def _telling(cases: list[Case]) -> list[Case]:
    """Those that tell most: one for each value, then the others."""
    firsts = {json.dumps(case.value): case for case in reversed(cases)}.values()
    return sorted(cases, key=lambda case: case not in firsts)[:MAX_CASES]


def check_agreement(code: str, cases: dict[str, list[Case]]) -> tuple[Finding, ...]:
    """The first call of each function where JavaScript ``code`` comes to something else than ``cases`` say."""
    wanted = {name: _name_in(code, name) for name in cases}
    if not cases or not can_compare() or _REACHES_OUT.search(code):
        return ()
    calls = [(name, case, [found, case.arguments]) for name, found in wanted.items() if found for case in cases[name]]
    answers = _answers(_EXPORTS.sub("", code), [call for _, _, call in calls])
    findings = {
        name: Finding(Kind.BEHAVIOUR, 1, f"there is no function {name}")
        for name, found in wanted.items()
        if found is None and not re.search(name.replace("_", "_?"), code, re.IGNORECASE)
    }
    for (name, case, _), answer in zip(calls, answers, strict=False):
        if name not in findings and not _is_same(case.value, answer):
            shown = ", ".join(json.dumps(value) for value in case.arguments)[:_SHOWN_CHARS]
            found = "raises " + str(answer["error"]) if "error" in answer else "is " + json.dumps(answer.get("value"))
            message = (
                f"{name}({shown}) is {json.dumps(case.value)[:_SHOWN_CHARS]} in Python, but {found[:_SHOWN_CHARS]} here"
            )
            findings[name] = Finding(Kind.BEHAVIOUR, _line_of(code, wanted[name] or name), message)
    return tuple(findings.values())


_ASKING = """
import io, json, sys, types
_out, sys.stdout = sys.stdout, io.StringIO()
_tries = json.loads({tries!r})
_module = sys.modules["checked"] = types.ModuleType("checked")
_namespace = vars(_module)
_answers = {{}}

def _plain(value):
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        raise ValueError(value)
    if isinstance(value, int) and abs(value) >= 2**53:
        raise ValueError("more than a number holds in JavaScript")
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {{str(key): _plain(each) for key, each in value.items()}}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise ValueError(value)

exec(compile({source!r}, "checked", "exec"), _namespace)
for _name, _lists in _tries.items():
    _found, _seen = [], set()
    for _arguments in _lists:
        _key = json.dumps(_arguments)
        try:
            _value = _plain(_namespace[_name](*json.loads(_key)))
        except BaseException:
            continue
        if _key not in _seen:
            _seen.add(_key)
            _found.append([_arguments, _value])
    _answers[_name] = _found
_out.write(json.dumps(_answers))
_out.flush()
"""
_RUNNER = """'use strict';
const vm = require('vm');
const { code, calls } = JSON.parse(require('fs').readFileSync(process.argv[2], 'utf8'));
const context = vm.createContext(Object.create(null), { codeGeneration: { strings: false, wasm: false } });
const answers = [];
const told = '(key, value) => typeof value === "number" && !isFinite(value) ? { number: String(value) } : value';
try {
  const given = 'var console = { log() {}, error() {}, assert() {} }, module = { exports: {} }, exports = {};\\n';
  vm.runInContext(given + code, context, { timeout: 1500 });
  for (const [name, args] of calls) {
    try {
      const call = `JSON.stringify({ value: (${name})(...${JSON.stringify(args)}) }, ${told})`;
      answers.push(JSON.parse(vm.runInContext(call, context, { timeout: 500 })));
    } catch (error) {
      answers.push({ error: String(error).slice(0, 200) });
      if (error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') break;
    }
  }
} catch (error) { for (const _ of calls) answers.push({ error: String(error).slice(0, 200) }); }
process.stdout.write(JSON.stringify(answers));
"""


def _answers(code: str, calls: list[list[Any]]) -> list[dict[str, Any]]:
    """What each call comes to: ``{"value": …}`` or ``{"error": …}``; nothing where Node could not say."""
    given = json.dumps({"code": code, "calls": calls}).encode()
    _, output = node.output_of(_RUNNER, given, TRANSLATION_S, ["--disallow-code-generation-from-strings"])
    try:
        answers = json.loads(output)
    except ValueError:
        return []
    return answers if isinstance(answers, list) else []


def _is_same(value: Any, answer: dict[str, Any]) -> bool:
    return "error" not in answer and _equal(value, answer.get("value"))


def _equal(one: Any, other: Any) -> bool:
    """As JSON says it; whole floats are integers in JavaScript, and small differences come of rounding."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int) and isinstance(other, int):
        return one == other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(one - other) <= 1e-6 * max(1.0, abs(one))
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    return bool(one == other)


def _name_in(code: str, name: str) -> str | None:
    """What the Python function ``name`` is called in ``code``; nothing where it is not there."""
    first, *rest = name.split("_")
    for candidate in (name, first + "".join(part.title() for part in rest)):
        if re.search(rf"\b(?:function\s*\*?|const|let|var)\s+{re.escape(candidate)}\b", code):
            return candidate
    return None


def _line_of(code: str, name: str) -> int:
    found = re.search(rf"\b{re.escape(name)}\b", code)
    return code.count("\n", 0, found.start()) + 1 if found else 1
