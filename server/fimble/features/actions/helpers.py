"""What a generated function needs besides itself: other functions and values of the same answer, placed before it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from fimble.features.actions.action import Edit
from fimble.features.actions.answers import Answer, Part, Role, last_name, mentioned
from fimble.features.actions.comments import comment_above
from fimble.features.actions.layout import indentation_at, line_start, part_of, step_in
from fimble.syntax.outline import Definition, definitions, enclosing
from fimble.syntax.parsed import Parsed


def helper_edits(parsed: Parsed, begun: Definition, answer: Answer, path: Sequence[Part]) -> list[Edit]:
    """Of ``answer``, what the function at the end of ``path`` needs and the document does not have.

    Members of the same class stand before ``begun``, all others before whatever outermost holds it.
    """
    target = path[-1]
    known = {last_name(found.name) for found in definitions(parsed)} | {begun.name}
    around = enclosing(parsed, begun.start)
    outermost = around[-1] if around else begun
    apart = parsed.text[: begun.start - parsed.start] + parsed.text[begun.end - parsed.start :]
    known |= {part.name for part in _all_values(answer, path) if mentioned(part.name, apart)}
    siblings = answer.members(path[-2]) if len(path) > 1 else answer.parts
    wanted = needed(answer, siblings, [target], known)
    edits = _before(parsed, begun if len(path) > 1 else outermost, answer, wanted)
    if len(path) > 1:
        outer = needed(answer, answer.parts, [target, *wanted], known | {part.name for part in path})
        edits = _before(parsed, outermost, answer, outer) + edits
    return edits


def needed(answer: Answer, parts: Sequence[Part], users: Sequence[Part], known: Collection[str]) -> list[Part]:
    """Those of ``parts`` that ``users`` mention, and those that these mention, in their order.

    Values count only if they stand before what uses them: those behind are examples.
    """
    found = list(users)
    for user in found:
        text = answer.parsed.text[user.core : user.end]
        for part in parts:
            is_value = part.role is Role.VALUE and part.start < user.start
            if part in found or part.name in known or not (is_value or part.role is Role.DEFINITION):
                continue
            if mentioned(part.name, text) and not (is_value and _binds(text, part.name)):
                found.append(part)
    return [part for part in parts if part in found and part not in users]


def separator(parsed: Parsed, depth: str, parts: Sequence[Part]) -> str:
    """What stands between ``parts`` at ``depth``: as many empty lines as the language's style wants; without any, what
    stands before a function."""
    if parts and all(part.role is Role.VALUE for part in parts):
        return "\n"
    return "\n\n\n" if parsed.language.name == "python" and not depth else "\n\n"


def _before(parsed: Parsed, place: Definition, answer: Answer, parts: Sequence[Part]) -> list[Edit]:
    if not parts:
        return []
    text = parsed.text
    begin = place.start - parsed.start
    own = line_start(text, begin)
    if text[own:begin].strip():
        return []
    above = comment_above(parsed, place.start)
    start = begin if above is None else above - parsed.start
    depth = indentation_at(text, begin)
    step = step_in(parsed, answer.parsed.text)
    made = ""
    for number, part in enumerate(parts):
        following = parts[number + 1 : number + 2]
        laid = part_of(answer.parsed, part.start, part.end, depth, step, answer.shape)
        made += laid + separator(parsed, depth, [part, *following] if following else [])
    return [Edit(parsed.start + line_start(text, start), parsed.start + line_start(text, start), made)]


def _all_values(answer: Answer, path: Sequence[Part]) -> list[Part]:
    parts = [*answer.parts, *(answer.members(path[-2]) if len(path) > 1 else ())]
    return [part for part in parts if part.role is Role.VALUE]


def _binds(text: str, name: str) -> bool:
    """Whether ``text`` gives ``name`` a value of its own: a parameter, or a variable."""
    head = text.partition("\n")[0]
    return mentioned(name, head) or any(
        line.strip().startswith((f"{name} =", f"for {name} ", f"let {name}", f"const {name}", f"var {name}"))
        for line in text.split("\n")
    )
