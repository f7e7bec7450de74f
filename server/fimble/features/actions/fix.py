"""Fix: a minimal edit for a problem that the editor shows; deleting the line is none."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from fimble.checks.check import check
from fimble.checks.finding import Finding
from fimble.checks.finding import Kind as What
from fimble.features.actions.action import Done, Edit, Kind, Offer, Page, Selection
from fimble.features.actions.answers import Role, last_name, read
from fimble.features.actions.bodies import wanted
from fimble.features.actions.edits import applied, joined, with_line_breaks
from fimble.features.actions.hiding import hides, only_removes
from fimble.features.actions.imports import import_edit
from fimble.features.actions.layout import indentation_at, laid_out, line_break_of, line_start, part_of, step_in
from fimble.features.actions.needed import needed_imports
from fimble.features.actions.neighbours import imports_of
from fimble.features.actions.placed import all_messages, check_edits
from fimble.features.generation.generator import Task
from fimble.prompt.chat import Message
from fimble.prompt.chat import Role as Speaker
from fimble.syntax.outline import definitions, enclosing
from fimble.syntax.parsed import Parsed

MAX_TITLE_CHARS = 60
MAX_LINES = 60
_NEAR_LINES = 4
"""Shown before and after the problem where no function holds it, or too long a one."""
_QUOTED = re.compile(r"[\"'`“]([^\"'`”]+)[\"'`”]")


@dataclass(frozen=True, slots=True)
class _Region:
    """Whole lines that the model may change; offsets into the parsed text."""

    start: int
    end: int
    name: str = ""
    """Of the function that they are."""


class Fix:
    """Offers, asks and places."""

    kind = Kind.FIX
    wanted = "fix"

    def offers(self, selection: Selection, page: Page) -> list[Offer]:
        """One a problem that the editor sent; none twice."""
        last = len(selection.snapshot.text)
        problems = dict.fromkeys(
            (min(one.start, last), min(max(one.start, one.end), last), one.message)
            for one in selection.problems
            if one.message.strip()
        )
        return [Offer(self.kind, title_of(said), start, end, said) for start, end, said in problems]

    def task(self, offer: Offer, page: Page) -> Task:
        """What to ask: the lines around the problem, and the problem; the answer is these lines again."""
        parsed = page.parsed
        language, region = parsed.language, _region(offer, parsed)
        shown = parsed.text[region.start : region.end]
        number = parsed.text.count("\n", region.start, offer.start - parsed.start)
        line = shown.split("\n")[number].strip()
        head = imports_of(parsed)
        context = f"The file begins with:\n```{language.name}\n{head}```\n" if head and head not in shown else ""
        said = (
            f"{context}```{language.name}\n{shown.rstrip()}\n```\n"
            f"Problem in the line `{line}`: {offer.argument.strip()}\n"
            "Write this code again with the problem fixed, and change nothing else."
        )
        return Task(
            (Message(Speaker.USER, said),),
            lambda code: self._check(offer, parsed, code),
            start=f"```{language.name}\n",
            max_tokens=max(128, len(shown)),
        )

    def edits(self, offer: Offer, parsed: Parsed, code: str) -> tuple[Edit, ...]:
        """The lines that differ, and no others, and what they import; none where nothing differs."""
        region = _region(offer, parsed)
        old = parsed.text[region.start : region.end]
        new, imports = _answered(parsed, region, code)
        lines = old.split("\n")
        olds = [line.removesuffix("\r") for line in lines]
        news = new.split("\n")
        while olds and not olds[-1].strip():
            olds.pop()
        ended = [line + "\n" for line in lines[:-1]] + lines[-1:]
        starts = [parsed.start + region.start + sum(map(len, ended[:number])) for number in range(len(ended) + 1)]
        edits: list[Edit] = []
        for what, begin, end, new_begin, new_end in difflib.SequenceMatcher(None, olds, news, False).get_opcodes():
            if what == "equal":
                continue
            text = "".join(f"{line}\n" for line in news[new_begin:new_end])
            is_open = end == len(ended) and not ended[-1].endswith("\n")
            edits.append(Edit(starts[begin], starts[end], text.removesuffix("\n") if is_open else text))
        needed = needed_imports(parsed, applied(parsed, edits), new, imports)
        added = import_edit(parsed, needed)
        return with_line_breaks(joined([added, *edits] if added else edits), line_break_of(parsed.text))

    def done(self, offer: Offer, page: Page, code: str) -> Done:
        """The lines that changed."""
        return Done(self.edits(offer, page.parsed, code))

    def _check(self, offer: Offer, parsed: Parsed, code: str) -> tuple[Finding, ...]:
        edits = self.edits(offer, parsed, code) if code.strip() else ()
        before = parsed.text
        line = before.count("\n", 0, offer.start - parsed.start) + 1
        if not edits:
            return (Finding(What.SYNTAX, line, "nothing is changed"),)
        after = applied(parsed, edits)
        said = hides(before, after) or next(filter(None, (_removed(one, offer, parsed) for one in edits)), "")
        if said:
            return (Finding(What.SYNTAX, line, said),)
        found = check_edits(parsed, edits)
        region = _region(offer, parsed)
        first = min([offer.start, *(edit.start for edit in edits if edit.start >= parsed.start + region.start)])
        moved = sum(len(edit.text) for edit in edits if edit.end < parsed.start + region.start)
        start = first - parsed.start
        still = _like(after, offer, parsed, start + moved, region.end + len(after) - len(before))
        known = _like(before, offer, parsed, start, region.end)
        if known and len(still) >= len(known):
            return (*found, Finding(What.NAME, line, f"the problem is still there: {still[0]}"))
        return found


def title_of(message: str) -> str:
    """What the list says: the first line of ``message``, no longer than fits."""
    line = " ".join(message.strip().splitlines()[0].split())
    return "Fix: " + (line if len(line) <= MAX_TITLE_CHARS else f"{line[:MAX_TITLE_CHARS].rsplit(' ', 1)[0]} …")


def _removed(edit: Edit, offer: Offer, parsed: Parsed) -> str:
    old = parsed.text[edit.start - parsed.start : edit.end - parsed.start]
    return only_removes(old.split("\n"), edit.text.split("\n"), offer.argument, parsed.language)


def _answered(parsed: Parsed, region: _Region, code: str) -> tuple[str, Sequence[str]]:
    """The region as ``code`` has it, at its depth, and the imports that stand before it there."""
    text = parsed.text
    old = text[region.start : region.end]
    step = step_in(parsed, code)
    answer = read(code, parsed.language)
    depths = [indentation_at(line, 0) for line in old.split("\n") if line.strip()]
    depth = depths[0] if depths and region.name else min(depths, key=len, default="")
    if answer is None:
        return laid_out(code, depth, step), ()
    path = wanted(answer, region.name) if region.name else None
    if path is not None and path[-1].definition is not None and path[-1].name == last_name(region.name):
        found = path[-1].definition
        body = part_of(answer.parsed, found.start, found.end, depth, step, answer.shape)
        return body, answer.all_imports()
    if region.name or not parsed.tree.root_node.has_error:
        imports = [part for part in answer.parts if part.role is Role.IMPORT]
        lines = answer.all_imports()
        first = next((part.start for part in answer.parts if part.role is not Role.IMPORT), 0)
        if imports and imports[-1].end <= first and not any(line in text[: region.end] for line in lines):
            return part_of(answer.parsed, first, len(answer.parsed.text), depth, step, answer.shape), lines
    return laid_out(code, depth, step, answer.shape if answer.parsed.text == code else None), ()


def _like(text: str, offer: Offer, parsed: Parsed, start: int, end: int) -> list[str]:
    """What our own analysers say of ``text`` from ``start`` to ``end`` that is about the same as the problem: it
    quotes the same name.

    Elsewhere there may be more of its kind, which compilers tell one at a time.
    """
    said = [(finding.message, finding.line) for finding in check(text, parsed.language)]
    if parsed.language.name == "python":
        more = all_messages(text)
        said = [one for one in said if one not in more] + more
    first, last = text.count("\n", 0, start) + 1, text.count("\n", 0, max(start, end - 1)) + 1
    names = set(_QUOTED.findall(offer.argument))
    return [message for message, line in said if first <= line <= last and names & set(_QUOTED.findall(message))]


def _region(offer: Offer, parsed: Parsed) -> _Region:
    """The function that holds the problem, if it is short; else the lines near it."""
    text = parsed.text
    for found in enclosing(parsed, offer.start):
        start = text.rfind("\n", 0, found.start - parsed.start) + 1
        end = text.find("\n", found.end - parsed.start)
        end = len(text) if end == -1 else end + 1
        if not found.is_class and text.count("\n", start, end) <= MAX_LINES:
            return _Region(start, end, found.name)
    start = end = offer.start - parsed.start
    for _ in range(_NEAR_LINES + 1):
        start = text.rfind("\n", 0, max(0, start - 1)) + 1 if start else 0
        following = text.find("\n", end)
        end = len(text) if following == -1 else following + 1
    return _Region(*_between(parsed, offer.start - parsed.start, start, end))


def _between(parsed: Parsed, place: int, start: int, end: int) -> tuple[int, int]:
    """``start`` and ``end``, less the definitions before and after ``place`` that they cut: half of a function makes
    a model write the other half."""
    text = parsed.text
    for found in definitions(parsed):
        begin, following = line_start(text, found.start - parsed.start), text.find("\n", found.end - parsed.start)
        stop = len(text) if following == -1 else following + 1
        if place < begin < end < stop:
            end = begin
        if begin < start < stop <= place:
            start = stop
    shown = text[start:end].rstrip()
    last_start, below = line_start(text, start + len(shown)), text[end:].lstrip("\r\n").split("\n")[0]
    if last_start > place and len(indentation_at(below, 0)) > len(indentation_at(text, last_start)):
        end = last_start  # it begins what could not be read
    return start, end
