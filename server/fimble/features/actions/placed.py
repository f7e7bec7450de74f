"""Does placed code hold up: where it stands, and by itself where the document around it is broken?"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from fimble.checks.check import check, check_change
from fimble.checks.finding import Finding, Kind
from fimble.features.actions.action import Edit
from fimble.features.actions.answers import read
from fimble.features.actions.edits import applied
from fimble.features.actions.needed import said_of
from fimble.syntax.languages import Language
from fimble.syntax.offsets import encode
from fimble.syntax.outline import definitions, enclosing
from fimble.syntax.parsed import Parsed, parse

_BUDGET_MS = 2000.0
_NAME = re.compile(r"undefined name '(\w+)'")


def check_edits(parsed: Parsed, edits: Sequence[Edit]) -> tuple[Finding, ...]:
    """What is wrong with the text after ``edits`` and was not before."""
    before, after = parsed.text, applied(parsed, edits)
    is_broken = parsed.tree.root_node.has_error
    lost = "" if is_broken else _lost(parsed, after, edits)
    if lost:
        return (Finding(Kind.SYNTAX, 1, f"{lost} would be changed"),)
    if is_broken:
        return _mended(parsed, after, edits)
    return check_change(before, after, parsed.language)


def _mended(parsed: Parsed, after: str, edits: Sequence[Edit]) -> tuple[Finding, ...]:
    """In a document that did not parse: where it does now, what is wrong on the lines of the edits."""
    found = check(after, parsed.language)
    if any(finding.kind is Kind.SYNTAX for finding in found):
        return _alone(parsed, after, edits)
    written: set[int] = set()
    for edit in edits:
        first = after.count("\n", 0, edit.start - parsed.start + _growth(edits, edit.start)) + 1
        written.update(range(first, first + edit.text.removesuffix("\n").count("\n") + 1))
    old = "\n".join(parsed.text[edit.start - parsed.start : edit.end - parsed.start] for edit in edits)
    return tuple(finding for finding in found if finding.line in written and not _is_known(finding, old))


def _is_known(finding: Finding, text: str) -> bool:
    """Whether it is about a name that stood in ``text``."""
    name = _NAME.search(finding.message)
    return name is not None and re.search(rf"\b{name[1]}\b", text) is not None


def _lost(parsed: Parsed, after: str, edits: Sequence[Edit]) -> str:
    """The name of a definition apart from the edits that is not there any more as it was."""
    new = _parsed(after, parsed.language)
    if new is None:
        return ""
    kept = {new.text[found.start : found.end] for found in definitions(new)}
    for found in definitions(parsed):
        is_apart = all(edit.end <= found.start or edit.start > found.end for edit in edits)
        own = parsed.text[found.start - parsed.start : found.end - parsed.start]
        if is_apart and own not in kept:
            return found.name
    return ""


def _alone(parsed: Parsed, after: str, edits: Sequence[Edit]) -> tuple[Finding, ...]:
    """In a document that does not parse: the definitions that hold the edits do, or are no worse than before.

    Python names are looked for in all of the document, since its own analyser cannot read that.
    """
    findings: list[Finding] = []
    for edit in edits:
        line = parsed.text.count("\n", 0, edit.start - parsed.start) + 1
        around = enclosing(parsed, edit.start)
        start, end = (around[0].start, around[0].end) if around else (edit.start, edit.start)
        inside = [one for one in edits if start <= one.start and one.end <= max(end, edit.end)]
        begin, stop = start - parsed.start, max(end, edit.end) - parsed.start
        changed = after[begin + _growth(edits, start) :]
        changed = changed[: stop - begin + sum(len(one.text) - (one.end - one.start) for one in inside)]
        if _num_faults(changed, parsed.language) > _num_faults(parsed.text[begin:stop], parsed.language):
            findings.append(Finding(Kind.SYNTAX, line, f"this is no {parsed.language.name}"))
        elif parsed.language.name == "python":
            findings += _strange_names(edit.text, after, parsed.language)
    return tuple(findings)


def _growth(edits: Sequence[Edit], start: int) -> int:
    """How much longer the text becomes before ``start``."""
    return sum(len(one.text) - (one.end - one.start) for one in edits if one.start < start)


def _num_faults(text: str, language: Language) -> int:
    """How much of ``text`` is not of its language, read with whatever it needs around it."""
    answer = read(textwrap.dedent(text), language)
    return len(answer.parsed.faults) if answer else 0


def _strange_names(text: str, after: str, language: Language) -> list[Finding]:
    """What is wrong with Python lines by themselves: names that stand nowhere else, and what does not compile."""
    piece = textwrap.dedent(text.replace("\r\n", "\n")).strip("\n")
    piece += "\n    pass" if piece.rstrip().endswith(":") else ""
    known = after.replace(text, "", 1)
    found = check("def placed():\n" + textwrap.indent(piece, "    ") + "\n", language)
    names = ((finding, _NAME.search(finding.message)) for finding in found)
    return [
        finding
        for finding, name in names
        if finding.kind is Kind.SYNTAX or (name and not re.search(rf"\b{name[1]}\b", known))
    ]


def _parsed(text: str, language: Language) -> Parsed | None:
    return parse(language, text, encode(text), _BUDGET_MS)


def all_messages(text: str) -> list[tuple[str, int]]:
    """All that pyflakes says of a Python text and on which line, unused names included; nothing where it does not
    parse."""
    return [(message.message % message.message_args, message.lineno) for message in said_of(text) or ()]
