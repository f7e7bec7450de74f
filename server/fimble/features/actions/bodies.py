"""A generated definition put into the place of one that is still to be written.

What the person wrote stays as it is: decorators, signature, docstring, comments. Only the body is taken from the
model, and what that body needs: helpers before the definition, imports at the file's top.
"""

from __future__ import annotations

import re

from fimble.features.actions.action import Edit
from fimble.features.actions.answers import Answer, Part, last_name, read
from fimble.features.actions.comments import says_the_same
from fimble.features.actions.edits import applied, joined, with_line_breaks
from fimble.features.actions.helpers import helper_edits
from fimble.features.actions.imports import import_edit
from fimble.features.actions.layout import indentation_at, line_break_of, line_end, line_start, part_of, step_in
from fimble.features.actions.needed import needed_imports
from fimble.features.actions.surroundings import class_around
from fimble.syntax.outline import Definition
from fimble.syntax.parsed import Parsed

_MAX_DEPTH = 8
_BLANK_LINES = re.compile(r"(?:\r?\n[ \t]+(?=\r?\n|\Z))+")
_REMINDER = re.compile(
    r"\W*(?:todo|fixme|(?:your|write) code(?: here)?|implement(?: me| this| here)?)\W*", re.IGNORECASE
)
_NO_PLACEHOLDER = re.compile(r"(?:#|//|--|/\*|\*)")


def filled(parsed: Parsed, begun: Definition, code: str) -> tuple[Edit, ...]:
    """The edits that give ``begun`` the body that ``code`` has for it; none where ``code`` has none."""
    answer = read(code, parsed.language)
    if answer is None:
        return ()
    found = wanted(answer, begun.name, _holder_name(parsed, begun))
    if found is None or found[-1].node.has_error:
        return ()
    body = _body_edit(parsed, begun, answer, found[-1].definition)
    if body is None:
        return ()
    edits = [*helper_edits(parsed, begun, answer, found), body]
    placed = "\n".join(edit.text for edit in edits)
    start, end = begun.start - parsed.start, begun.end - parsed.start
    whole = f"{placed}\n{parsed.text[start:end]}"
    lines = needed_imports(parsed, applied(parsed, edits), whole, answer.all_imports())
    imports = import_edit(parsed, lines)
    return with_line_breaks(joined([imports, *edits] if imports else edits), line_break_of(parsed.text))


def wanted(answer: Answer, name: str, holder: str = "") -> tuple[Part, ...] | None:
    """The function called ``name``, behind the parts that hold it, the outermost first; the only function of an
    answer, if it has another name; else ``None``."""
    paths = list(_functions(answer, answer.parts, ()))
    named = [path for path in paths if path[-1].name == last_name(name)]
    named.sort(key=lambda path: (_is_bodiless(path[-1]), bool(holder) and holder not in [part.name for part in path]))
    others = [path for path in paths if len(path) == 1 or not _is_function(path[-2])]
    chosen = named or (others if len(others) == 1 else [])
    return chosen[0] if chosen and not _is_bodiless(chosen[0][-1]) else None


def inside_text(answer: Answer, definition: Definition, indentation: str, step: str) -> str:
    """What stands in the body of ``definition``, laid out at ``indentation``, without a docstring."""
    text = answer.parsed.text
    if definition.inside is None:
        start, end = definition.body or (definition.end, definition.end)
        return part_of(answer.parsed, start, end, indentation, step, answer.shape).lstrip()
    start, end = definition.inside
    start = definition.docstring[1] if definition.docstring is not None else start
    signed = text[start : line_end(text, start)]
    start += len(signed) if signed.lstrip().startswith(answer.parsed.language.line_comment or "//") else 0
    start += len(text[start:end]) - len(text[start:end].lstrip())
    return part_of(answer.parsed, start, max(start, end), indentation, step, answer.shape, is_inside=True)


def _functions(answer: Answer, parts: tuple[Part, ...], above: tuple[Part, ...]) -> list[tuple[Part, ...]]:
    found: list[tuple[Part, ...]] = []
    for part in parts:
        if part.definition is None:
            continue
        path = (*above, part)
        if not part.definition.is_class:
            found.append(path)
        if len(path) < _MAX_DEPTH:
            found += _functions(answer, answer.members(part), path)
    return found


def _is_function(part: Part) -> bool:
    return part.definition is not None and not part.definition.is_class


def _is_bodiless(part: Part) -> bool:
    return part.definition is None or part.definition.body is None or part.definition.is_empty


def _holder_name(parsed: Parsed, begun: Definition) -> str:
    holder = class_around(parsed, begun.start, begun)
    return last_name(holder.name) if holder is not None else ""


def _body_edit(parsed: Parsed, begun: Definition, answer: Answer, written: Definition | None) -> Edit | None:
    if written is None or (begun.body is None and begun.inside is None):
        return None
    text = parsed.text
    indentation = indentation_at(text, begun.start - parsed.start)
    step = step_in(parsed, answer.parsed.text)
    if begun.inside is None or written.inside is None:
        return _whole_body(parsed, begun, answer, written, indentation, step)
    start, end = (offset - parsed.start for offset in begun.inside)
    start = begun.docstring[1] - parsed.start if begun.docstring is not None else start
    is_indented_block = parsed.language.is_indented
    if is_indented_block:
        trailing = _BLANK_LINES.match(text, end)
        end = trailing.end() if trailing and not text[start:end].strip() else end
        rest = text[start : line_end(text, start)]
        start += len(rest) if rest.lstrip().startswith("#") else 0
        end = max(start, end)
    deeper = _depth(text[:end], start, begun, parsed) or indentation + step
    kept = [deeper + line for line in _kept(text[start:end])]
    body = inside_text(answer, written, deeper, step).split("\n")
    while kept and body and _NO_PLACEHOLDER.match(body[0].strip()) and says_the_same(body[0], "\n".join(kept)):
        body.pop(0)
    lines = "\n".join(line for line in ("\n".join(kept), "\n".join(body)) if line.strip())
    if not "".join(body).strip():
        return None
    if begun.docstring is not None and not kept and _is_apart(answer, written):
        lines = f"\n{lines}"
    closing = "" if is_indented_block else f"\n{indentation}"
    return Edit(parsed.start + start, parsed.start + end, f"\n{lines}{closing}")


def _is_apart(answer: Answer, written: Definition) -> bool:
    """Whether an empty line follows the answer's docstring."""
    if written.docstring is None:
        return False
    rest = answer.parsed.text[written.docstring[1] :]
    return rest[: len(rest) - len(rest.lstrip())].count("\n") > 1


def _whole_body(
    parsed: Parsed, begun: Definition, answer: Answer, written: Definition, indentation: str, step: str
) -> Edit | None:
    """A body that is one expression, on either side, replaced as it is."""
    if begun.body is None or written.body is None:
        return None
    start, end = begun.body
    body = part_of(answer.parsed, *written.body, indentation, step, answer.shape).lstrip()
    name = parsed.language.name
    if name == "csharp":
        ended = parsed.text[end - parsed.start :].lstrip().startswith(";")
        if written.inside is None and not ended:
            body += ";"
        elif written.inside is not None and ended:
            end = parsed.start + parsed.text.index(";", end - parsed.start) + 1
    if name in ("javascript", "typescript", "tsx") and begun.inside is not None:
        start, end = begun.inside
        body = f"\n{indentation}{step}return {body};\n{indentation}"
    return Edit(start, end, body)


def _depth(text: str, start: int, begun: Definition, parsed: Parsed) -> str:
    """The white space of the lines that the body has already; empty where it has none of its own."""
    docstring = begun.docstring
    if docstring is not None:
        begin = docstring[0] - parsed.start
        own = text[line_start(text, begin) : begin]
        return "" if own.strip() else own
    lines = [line for line in text[start:].split("\n")[1:] if line.strip()]
    return lines[0][: len(lines[0]) - len(lines[0].lstrip())] if lines else ""


def _kept(text: str) -> list[str]:
    """The comment lines of an empty body, without white space around them."""
    kept: list[str] = []
    is_open = False
    for line in text.replace("\r\n", "\n").split("\n"):
        content = line.strip()
        if content and (is_open or _NO_PLACEHOLDER.match(content)) and not _REMINDER.fullmatch(content):
            kept.append(" " * (is_open and content.startswith("*")) + content)
            is_open = (is_open or content.startswith("/*")) and "*/" not in content
    return kept
