"""Document: a docstring or doc comment in the language's own form; the code is never touched."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass

from fimble.checks.finding import Finding
from fimble.checks.finding import Kind as What
from fimble.features.actions.action import Done, Edit, Kind, Offer, Page, Selection
from fimble.features.actions.comments import documentation_above
from fimble.features.actions.conventions import CONVENTIONS, Convention, style_of
from fimble.features.actions.layout import (
    indentation_at,
    line_break_of,
    line_end,
    line_start,
    step_in,
)
from fimble.features.actions.sections import in_style, parameters_of
from fimble.features.actions.surroundings import definition_at, own_text
from fimble.features.generation.generator import Task
from fimble.features.generation.instructions import fenced, title_of
from fimble.prompt.chat import Message, Role
from fimble.syntax.code import is_same_code
from fimble.syntax.outline import Definition, enclosing
from fimble.syntax.parsed import Parsed

MAX_TOKENS = 256
MIN_CHARS = 8
_MIN_LINE_CHARS = 12
_CJK = re.compile(r"[\u3400-\u9fff\u3040-\u30ff\uac00-\ud7af]")


class Document:
    """Offers, asks and places."""

    kind = Kind.DOCUMENT
    wanted = "documentation"

    def offers(self, selection: Selection, page: Page) -> list[Offer]:
        """At most one: the definition that begins on the selection's line, else the innermost around it."""
        parsed = page.parsed
        if parsed.language.name not in CONVENTIONS:
            return []
        meant = _meant(parsed, selection.start)
        return [Offer(self.kind, f"Document {meant.name}", meant.start, meant.end)] if meant else []

    def task(self, offer: Offer, page: Page) -> Task:
        """What to ask: the code without its documentation, and the beginning of that."""
        parsed = page.parsed
        convention = CONVENTIONS[parsed.language.name]
        target = _target(parsed, offer)
        messages, start, lead = _question(parsed, target, convention)

        def said(text: str) -> str:
            return lead + text[len(start) :]

        return Task(
            messages,
            lambda text: self._check(offer, parsed, text),
            start=start,
            cut=lambda text: convention.text_in(said(text)),
            mend=_mending(parsed, target, convention),
            is_over=lambda text: convention.is_over(said(text)),
            max_tokens=MAX_TOKENS,
            again="Write the documentation again, corrected.",
        )

    def edit(self, offer: Offer, parsed: Parsed, text: str) -> Edit:
        """Documentation that says ``text``, in place of what is there."""
        convention, target = CONVENTIONS[parsed.language.name], _target(parsed, offer)
        whole = parsed.text
        step = step_in(parsed, "")
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
        if not is_same_code(before, after, parsed.language.name):
            return (Finding(What.SYNTAX, 1, "it would change the code"),)
        if _CJK.search(text) and not _CJK.search(before):
            return (Finding(What.BEHAVIOUR, 1, "it is not in English, as all else in this file"),)
        if len(_lines(_code_of(parsed, _target(parsed, offer))) & _lines(text)) > 1:
            return (Finding(What.BEHAVIOUR, 1, "it repeats the code instead of telling what it does"),)
        return ()


def _code_of(parsed: Parsed, target: Definition) -> str:
    """The definition without its docstring."""
    begin, end = target.docstring or (target.start, target.start)
    start = parsed.start
    return parsed.text[target.start - start : begin - start] + parsed.text[end - start : target.end - start]


def _lines(text: str) -> set[str]:
    """Those that are long enough to be told from each other."""
    return {line.strip() for line in text.split("\n") if len(line.strip()) >= _MIN_LINE_CHARS}


def _meant(parsed: Parsed, offset: int) -> Definition | None:
    """What is to be documented from ``offset``: ``private def f`` and ``return class A`` mean what they define."""
    around = enclosing(parsed, offset)
    start, end = line_start(parsed.text, offset - parsed.start), line_end(parsed.text, offset - parsed.start)
    begun = enclosing(parsed, parsed.start + end)
    if begun and begun[0].start >= parsed.start + start and not (around and around[0].start >= parsed.start + start):
        return begun[0]
    return around[0] if around else None


def _question(parsed: Parsed, target: Definition, convention: Convention) -> tuple[tuple[Message, ...], str, str]:
    """What is said, how the answer begins, and which of the documentation's own words that holds already.

    Of Python the answer is the definition again, so that its docstring is about that and nothing beside it.
    """
    name = parsed.language.name
    what = "class" if target.is_class else "function"
    if not convention.is_inside:
        english = "" if _CJK.search(parsed.text) else " in English"
        said = (
            f"Write a doc comment{english} for this {title_of(name)} {what}.\n{fenced(own_text(parsed, target), name)}"
        )
        lead = target.name if name == "go" else ""
        begun = f"{convention.opening}{lead}".rstrip()
        return (Message(Role.USER, said),), f"```{name}\n{begun}", lead
    signature, body = own_text(parsed, target), ""
    if target.inside is not None:
        signature = own_text(parsed, target, target.inside[0]).rstrip()
        stop = target.docstring[1] if target.docstring is not None else target.inside[0]
        body = parsed.text[stop - parsed.start : target.end - parsed.start]
    body = textwrap.indent(textwrap.dedent(body.lstrip("\n") if "\n" in body else f"{body.strip()}\n"), "    ")
    code = fenced(f"{signature}\n{body}", name)
    said = f"Add a docstring in {style_of(parsed.text)} style to this {what}.\n{code}"
    return (Message(Role.USER, said),), f"```{name}\n{signature}\n    {convention.opening}", ""


def _mending(parsed: Parsed, target: Definition, convention: Convention) -> Callable[[str], str]:
    """What lays documentation out as the file does."""
    if not convention.is_inside or target.inside is None:
        return str
    style, parameters = style_of(parsed.text), parameters_of(own_text(parsed, target, target.inside[0]))
    return lambda text: in_style(text, style, parameters)


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
    text = parsed.text
    if not convention.is_inside:
        begin = line_start(text, target.start - parsed.start)
        begin += len(text[begin:]) - len(text[begin:].lstrip(" \t"))
        start, end = (offset - parsed.start for offset in documentation_above(parsed, parsed.start + begin))
        return _Place(start, end, "", "\n{}")
    assert target.body is not None and target.inside is not None, "every Python definition has a body"
    if target.docstring is not None:
        start, end = (offset - parsed.start for offset in target.docstring)
        own = text[line_start(text, start) : start]
        return _Place(start, end, "", "") if own.strip() else _Place(start, end, "", "", own)
    body, signed = target.body[0] - parsed.start, target.inside[0] - parsed.start
    ended = line_end(text, signed)
    if body > ended:
        return _Place(ended, ended, "\n{}", "", text[line_start(text, body) : body])
    if not text[signed:ended].strip() or text[signed:ended].lstrip().startswith("#"):
        return _Place(ended, ended, "\n{}", "")
    return _Place(signed, body, "\n{}", "\n{}")
