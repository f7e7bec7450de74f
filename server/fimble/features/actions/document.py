"""Document: a docstring or doc comment in the language's own form; the code is never touched."""

from __future__ import annotations

from dataclasses import dataclass

from fimble.checks.finding import Finding
from fimble.checks.finding import Kind as What
from fimble.features.actions.action import Done, Edit, Kind, Offer, Page, Selection
from fimble.features.actions.conventions import CONVENTIONS, Convention, style_of
from fimble.features.actions.layout import indentation_at, is_indented, line_break_of, step_of
from fimble.features.actions.surroundings import as_begun, definition_at
from fimble.features.generation.generator import Task
from fimble.prompt.chat import Message, Role
from fimble.syntax.code import code_of
from fimble.syntax.outline import Definition, enclosing
from fimble.syntax.parsed import Parsed

MAX_TOKENS = 256
MIN_CHARS = 8


class Document:
    """Offers, asks and places."""

    kind = Kind.DOCUMENT
    wanted = "documentation"

    def offers(self, selection: Selection, page: Page) -> list[Offer]:
        """At most one: the innermost definition at the selection."""
        parsed = page.parsed
        if parsed.language.name not in CONVENTIONS:
            return []
        around = enclosing(parsed, selection.start)
        return [Offer(self.kind, f"Document {around[0].name}", around[0].start, around[0].end)] if around else []

    def task(self, offer: Offer, page: Page) -> Task:
        """What to ask: the code, and the beginning of its documentation."""
        parsed = page.parsed
        convention = CONVENTIONS[parsed.language.name]
        target = _target(parsed, offer)
        name = parsed.language.name
        form = f"a {style_of(parsed.text)} style docstring" if name == "python" else "a doc comment"
        code = as_begun(parsed, target)
        start = f"```{name}\n{convention.opening}"
        if name == "go":
            start += f"{target.name} "

        def said(text: str) -> str:
            lead = f"{target.name} " if name == "go" else ""
            return lead + text[len(start) :]

        def check(text: str) -> tuple[Finding, ...]:
            return self._check(offer, parsed, text)

        return Task(
            (
                Message(
                    Role.USER, f"Write {form} for {target.name}, and nothing else.\n```{name}\n{code.rstrip()}\n```"
                ),
            ),
            check,
            start=start,
            cut=lambda text: convention.text_in(said(text)),
            is_over=lambda text: convention.is_over(said(text)),
            max_tokens=MAX_TOKENS,
        )

    def edit(self, offer: Offer, parsed: Parsed, text: str) -> Edit:
        """Documentation that says ``text``, in place of what is there."""
        convention, target = CONVENTIONS[parsed.language.name], _target(parsed, offer)
        whole = parsed.text
        step = step_of(whole) if is_indented(whole) else step_of("")
        line_break = line_break_of(whole)
        place = _place(parsed, target, convention)
        indentation = indentation_at(whole, target.start - parsed.start)
        if convention.is_inside:
            indentation = place.indentation if place.indentation is not None else indentation + step
        written = convention.written(text, indentation, step)
        made = f"{place.before.format(indentation)}{written}{place.after.format(indentation)}"
        return Edit(parsed.start + place.start, parsed.start + place.end, made.replace("\n", line_break))

    def done(self, offer: Offer, page: Page, code: str) -> Done:
        """The documentation in its place."""
        return Done((self.edit(offer, page.parsed, code),))

    def _check(self, offer: Offer, parsed: Parsed, text: str) -> tuple[Finding, ...]:
        if len(text.strip()) < MIN_CHARS:
            return (Finding(What.SYNTAX, 1, "it says nothing"),)
        edit = self.edit(offer, parsed, text)
        before = parsed.text
        after = before[: edit.start - parsed.start] + edit.text + before[edit.end - parsed.start :]
        if code_of(before, parsed.language.name) != code_of(after, parsed.language.name):
            return (Finding(What.SYNTAX, 1, "it would change the code"),)
        return ()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where documentation goes: what it replaces, and what is put around it (``{}`` is the indentation)."""

    start: int
    end: int
    before: str
    after: str
    indentation: str | None = None
    """Where it is not the definition's."""


def _target(parsed: Parsed, offer: Offer) -> Definition:
    """The definition that was offered."""
    return definition_at(parsed, offer.start, offer.end)


def _place(parsed: Parsed, target: Definition, convention: Convention) -> _Place:
    text, begin = parsed.text, target.start - parsed.start
    if not convention.is_inside:
        start = _comment_above(parsed, begin)
        return _Place(begin if start is None else start, begin, "", "\n{}")
    assert target.body is not None, "every Python definition has a body"
    body = target.body[0] - parsed.start
    line_start = text.rfind("\n", 0, body) + 1
    if text[line_start:body].strip():
        return _Place(len(text[:body].rstrip()), body, "\n{}", "\n{}")
    indentation = text[line_start:body]
    end = _docstring_end(parsed, target.body[0])
    if end is not None:
        return _Place(body, end - parsed.start, "", "", indentation)
    return _Place(body, body, "", "\n{}", indentation)


def _docstring_end(parsed: Parsed, offset: int) -> int | None:
    """Where the docstring ends that a Python body at ``offset`` begins with."""
    byte = parsed.byte_at(offset)
    node = parsed.tree.root_node.descendant_for_byte_range(byte, byte + 1)
    while node is not None and node.type != "block":
        node = node.parent
    first = next((child for child in node.named_children if child.type != "comment"), None) if node else None
    if first is None or first.type != "expression_statement" or first.start_byte != byte:
        return None
    is_text = first.named_child_count == 1 and first.named_children[0].type == "string"
    return parsed.offset_at(first.end_byte) if is_text else None


def _comment_above(parsed: Parsed, begin: int) -> int | None:
    """Where the comment begins that ends on the line above ``begin`` and stands alone there."""
    line_start = parsed.text.rfind("\n", 0, begin) + 1
    found: int | None = None
    end = line_start - 1
    while end > 0:
        content = parsed.text[:end].rstrip(" \t\r")
        start = parsed.comment_start(parsed.start + len(content)) if content and not content.endswith("\n") else None
        if start is None:
            break
        start -= parsed.start
        own_line = parsed.text.rfind("\n", 0, start) + 1
        if parsed.text[own_line:start].strip():
            break
        found, end = start, own_line - 1
    return found
