"""Generated code put below the comment that asks for it; what follows the comment stays behind the code."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from fimble.features.actions.action import Edit
from fimble.features.actions.answers import Answer, Part, Role, last_name, mentioned, read
from fimble.features.actions.comments import instruction_in, says_the_same
from fimble.features.actions.edits import applied, joined, with_line_breaks
from fimble.features.actions.helpers import needed, separator
from fimble.features.actions.imports import import_edit, needed_imports
from fimble.features.actions.layout import (
    indentation_at,
    laid_out,
    line_break_of,
    line_start,
    part_of,
    step_in,
)
from fimble.features.actions.surroundings import class_around
from fimble.syntax.outline import Definition, definitions, enclosing
from fimble.syntax.parsed import Parsed

_CLOSER = re.compile(r"[}\])]|end\b|else\b|elif\b|except\b|finally\b|catch\b|rescue\b|fi\b|done\b|<")
_CLASS_WORD = re.compile(r"class|struct|interface|类|結構|结构|接口", re.IGNORECASE)
_TEST_WORD = re.compile(r"test|测试|測試", re.IGNORECASE)
_RETURN = re.compile(r"\s*return\s+0;\s*\Z")


def written_below(parsed: Parsed, start: int, end: int, code: str) -> tuple[Edit, ...]:
    """The edits that put what ``code`` has for the comment from ``start`` to ``end`` below it; none for nothing."""
    answer = read(code, parsed.language)
    if answer is None:
        return ()
    said = instruction_in(parsed.text[start - parsed.start : end - parsed.start])
    kept, outer = _asked_for(answer, parsed, start, said)
    text = parsed.text
    depth = indentation_at(text, start - parsed.start)
    step = step_in(parsed, answer.parsed.text)
    placed = _laid(answer, kept, said, parsed, depth, step) if answer.parts else _plain(code, said, depth, step)
    if not placed.strip():
        return ()
    has_definitions = any(part.role is Role.DEFINITION for part in kept)
    body = Edit(end, end, "\n" + placed + _gap(parsed, end, depth, has_definitions))
    edits = [body]
    around = enclosing(parsed, start)
    if outer and around:
        top = line_start(text, around[-1].start - parsed.start)
        laid = "".join(part_of(answer.parsed, part.start, part.end, "", step, answer.shape) + "\n" for part in outer)
        edits.insert(0, Edit(parsed.start + top, parsed.start + top, laid + separator(parsed, "", outer)[1:]))
    added = "\n".join(edit.text for edit in edits)
    imports = import_edit(parsed, needed_imports(parsed, applied(parsed, edits), added, answer.all_imports()))
    return with_line_breaks(joined([imports, *edits] if imports else edits), line_break_of(text))


def _asked_for(answer: Answer, parsed: Parsed, offset: int, said: str) -> tuple[list[Part], list[Part]]:
    """The parts that belong below the comment, and those that belong before the class around it."""
    parts = [part for part in answer.parts if part.role is not Role.IMPORT]
    around = enclosing(parsed, offset)
    holder = class_around(parsed, offset)
    if holder is not None:
        existing = _names_in(parsed, holder)
        for part in parts:
            if part.definition is not None and part.definition.is_class and _is_repeated(part, holder, parts, said):
                members = answer.members(part)
                fresh = [one for one in members if one.name not in existing and one.role is not Role.OTHER]
                kept = _without_extras(answer, fresh, said)
                return kept, needed(answer, parts, kept, {one.name for one in members} | {part.name})
    elif around and not around[0].is_class and len(parts) == 1 and parts[0].name in ("main", around[0].name):
        return list(answer.members(parts[0])), []
    return _without_extras(answer, parts, said), []


def _without_extras(answer: Answer, parts: Sequence[Part], said: str) -> list[Part]:
    """Definitions and the values that they need; everything, where nothing is defined."""
    defined = [part for part in parts if part.role is Role.DEFINITION]
    wanted = [part for part in defined if not _is_extra(part, said)] or defined
    if not wanted:
        return list(parts)
    values = needed(answer, [part for part in parts if part.role is Role.VALUE], wanted, ())
    return [part for part in parts if part in wanted or part in values]


def _is_extra(part: Part, said: str) -> bool:
    """Whether a definition only shows or tests what was asked for."""
    if mentioned(part.name, said):
        return False
    is_test = part.name.lower().startswith("test") and not _TEST_WORD.search(said)
    return is_test or part.name.lower() == "main"


def _is_repeated(part: Part, holder: Definition, parts: Sequence[Part], said: str) -> bool:
    """Whether a class in an answer stands for the class that the comment is in."""
    if part.name == last_name(holder.name):
        return True
    is_alone = all(other is part or other.definition is None for other in parts)
    return is_alone and not mentioned(part.name, said) and not _CLASS_WORD.search(said)


def _names_in(parsed: Parsed, holder: Definition) -> Collection[str]:
    return {
        last_name(found.name)
        for found in definitions(parsed)
        if found != holder and holder.start <= found.start and found.end <= holder.end
    }


def _laid(answer: Answer, parts: Sequence[Part], said: str, parsed: Parsed, depth: str, step: str) -> str:
    """``parts`` below each other; as they stood, or with what the style wants between definitions."""
    text, made = answer.parsed.text, ""
    last: Part | None = None
    for part in parts:
        start = part.start
        comment = text[start : part.core]
        if comment.strip() and says_the_same(comment, said):
            start = part.core
        if last is not None:
            is_defined = Role.DEFINITION in (part.role, last.role)
            num_breaks = text[last.end : part.start].count("\n") + (text[part.start - 1 : part.start] == "" and 1)
            made += separator(parsed, depth, [part, last]) if is_defined else "\n" * min(max(1, num_breaks), 2)
        laid = part_of(answer.parsed, start, part.end, depth, step, answer.shape)
        made += laid
        last = part
    return made


def _plain(code: str, said: str, depth: str, step: str) -> str:
    """An answer of which no part is known, such as comments alone; nothing if it only repeats what was said."""
    return "" if says_the_same(code, said) else laid_out(code, depth, step)


def _gap(parsed: Parsed, end: int, depth: str, has_definitions: bool) -> str:
    """The line breaks that are wanting between the code and what follows it."""
    if not has_definitions:
        return ""
    rest = parsed.text[end - parsed.start :].replace("\r\n", "\n")
    content = rest.lstrip()
    if not content:
        return ""
    num_blank = max(0, rest[: len(rest) - len(content)].count("\n") - 1)
    own = rest[: len(rest) - len(content)].rpartition("\n")[2]
    if _CLOSER.match(content):
        return ""
    num_wanted = 2 if parsed.language.name == "python" and not own else 1
    return "\n" * max(0, num_wanted - num_blank)
