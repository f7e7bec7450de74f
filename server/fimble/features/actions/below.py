"""Generated code put below the comment that asks for it; what follows the comment stays behind the code."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from fimble.features.actions.action import Edit
from fimble.features.actions.answers import Answer, Part, Role, last_name, mentioned, read
from fimble.features.actions.asked import is_constructor, without_extras
from fimble.features.actions.comments import comment_at, instruction_in, says_the_same
from fimble.features.actions.edits import applied, joined, with_line_breaks
from fimble.features.actions.helpers import needed, separator
from fimble.features.actions.imports import import_edit
from fimble.features.actions.layout import (
    indentation_at,
    laid_out,
    line_break_of,
    line_start,
    part_of,
    step_in,
)
from fimble.features.actions.needed import needed_imports
from fimble.features.actions.surroundings import class_around
from fimble.syntax.outline import Definition, definitions, enclosing
from fimble.syntax.parsed import Parsed

_CLOSER = re.compile(r"[}\])]|end\b|else\b|elif\b|except\b|finally\b|catch\b|rescue\b|fi\b|done\b|<")
_CLASS_WORD = re.compile(r"class|struct|interface|类|結構|结构|接口", re.IGNORECASE)


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
    above = _gap_above(parsed, start, depth) if has_definitions else ""
    if above:
        edits.insert(0, Edit(start - len(depth), start - len(depth), above))
    around = enclosing(parsed, start)
    if outer and around:
        top = line_start(text, around[-1].start - parsed.start)
        laid = "".join(part_of(answer.parsed, part.start, part.end, "", step, answer.shape) + "\n" for part in outer)
        edits.insert(0, Edit(parsed.start + top, parsed.start + top, laid + separator(parsed, "", outer)[1:]))
    added = "\n".join(edit.text for edit in edits)
    lines = needed_imports(parsed, applied(parsed, edits), added, answer.all_imports())
    imports = import_edit(parsed, lines, asked=start)
    return with_line_breaks(joined([imports, *edits] if imports else edits), line_break_of(text))


def _asked_for(answer: Answer, parsed: Parsed, offset: int, said: str) -> tuple[list[Part], list[Part]]:
    """The parts that belong below the comment, and those that belong before the class around it."""
    parts = [part for part in answer.parts if part.role is not Role.IMPORT]
    around = enclosing(parsed, offset)
    holder = class_around(parsed, offset)
    if holder is not None:
        existing = _names_in(parsed, holder)
        others = _apart_from(parsed, holder, offset)
        for part in parts:
            if part.definition is not None and part.definition.is_class and _is_repeated(part, holder, parts, said):
                members = answer.members(part)
                fresh = [
                    one
                    for one in members
                    if (
                        one.role is Role.DEFINITION
                        and one.name not in existing
                        and not is_constructor(one, holder, said)
                    )
                    or (one.role is Role.VALUE and not any(mentioned(one.name, text) for text in others))
                ]
                kept = without_extras(answer, fresh, said)
                return kept, needed(answer, parts, kept, {one.name for one in members} | {part.name})
    elif around and not around[0].is_class and len(parts) == 1 and parts[0].name in ("main", around[0].name):
        return _without_repetition(answer, parsed, around[0], offset, answer.members(parts[0])), []
    return without_extras(answer, parts, said, {last_name(found.name) for found in definitions(parsed)}), []


def _without_repetition(
    answer: Answer, parsed: Parsed, around: Definition, offset: int, parts: Sequence[Part]
) -> list[Part]:
    """Statements without those at either end that stand before or behind the comment already."""
    before, behind = (_squeezed(text) for text in _apart_from(parsed, around, offset))
    own = {part: _squeezed(answer.parsed.text[part.core : part.end]) for part in parts}
    first = next((number for number, part in enumerate(parts) if own[part] not in before), len(parts))
    kept = list(parts[first:])
    while kept and own[kept[-1]] in behind:
        kept.pop()
    return kept


def _apart_from(parsed: Parsed, around: Definition, offset: int) -> tuple[str, str]:
    """What ``around`` has before and behind the comment at ``offset``."""
    comment = comment_at(parsed, offset) or (offset, offset)
    text, start = parsed.text, parsed.start
    return text[around.start - start : comment[0] - start], text[comment[1] - start : around.end - start]


def _squeezed(text: str) -> str:
    return "".join(text.split())


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
    rest = parsed.text[end - parsed.start :]
    content = rest.lstrip()
    white = rest[: len(rest) - len(content)]
    if not content or _CLOSER.match(content):
        return ""
    num_wanted = _num_blank(parsed, white.rpartition("\n")[2])
    return "\n" * max(0, num_wanted + 1 - white.count("\n"))


def _gap_above(parsed: Parsed, start: int, depth: str) -> str:
    """The line breaks that are wanting between what stands above a comment and it, where that is as deep."""
    text = parsed.text[: line_start(parsed.text, start - parsed.start)]
    content = text.rstrip()
    if not content or indentation_at(content, len(content)) != depth or content.endswith(("{", ":", "(", "[")):
        return ""
    return "\n" * max(0, _num_blank(parsed, depth) + 1 - text[len(content) :].count("\n"))


def _num_blank(parsed: Parsed, depth: str) -> int:
    return 2 if parsed.language.name == "python" and not depth else 1
