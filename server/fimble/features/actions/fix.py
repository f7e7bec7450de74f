"""Fix: a minimal edit for a problem that the editor shows; deleting the line is none."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from fimble.checks.check import check, check_change
from fimble.checks.finding import Finding
from fimble.checks.finding import Kind as What
from fimble.features.actions.action import Done, Edit, Kind, Offer, Page, Problem, Selection
from fimble.features.actions.layout import indentation_at, is_indented, laid_out, line_break_of, step_of
from fimble.features.actions.surroundings import imports_of
from fimble.features.generation.generator import Task
from fimble.prompt.chat import Message, Role
from fimble.syntax.outline import enclosing
from fimble.syntax.parsed import Parsed

MAX_LINES = 60
_NEAR_LINES = 4
"""Shown before and after the problem where no function holds it, or too long a one."""
_QUOTED = re.compile(r"[\"'`“]([^\"'`”]+)[\"'`”]")


@dataclass(frozen=True, slots=True)
class _Region:
    """Whole lines that the model may change; offsets into the parsed text."""

    start: int
    end: int


class Fix:
    """Offers, asks and places."""

    kind = Kind.FIX
    wanted = "fix"

    def offers(self, selection: Selection, page: Page) -> list[Offer]:
        """One a problem that the editor sent."""
        return [
            Offer(
                self.kind, f"Fix: {problem.message.splitlines()[0][:60]}", problem.start, problem.end, problem.message
            )
            for problem in selection.problems
            if problem.message.strip()
        ]

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
            (Message(Role.USER, said),),
            lambda code: self._check(offer, parsed, code),
            start=f"```{language.name}\n",
            max_tokens=max(128, len(shown)),
        )

    def edit(self, offer: Offer, parsed: Parsed, code: str) -> Edit | None:
        """The lines that differ, and no others; ``None`` where none does."""
        region = _region(offer, parsed)
        old = parsed.text[region.start : region.end]
        step = step_of(parsed.text if is_indented(parsed.text) else code)
        first = len(old) - len(old.lstrip("\r\n"))
        new = laid_out(code, indentation_at(parsed.text, region.start + first), step)
        olds, news = old.replace("\r\n", "\n").rstrip("\n").split("\n"), new.split("\n")
        blocks = [code for code in difflib.SequenceMatcher(None, olds, news, False).get_opcodes() if code[0] != "equal"]
        if not blocks:
            return None
        (_, begin, _, new_begin, _), (_, _, end, _, new_end) = blocks[0], blocks[-1]
        line_break = line_break_of(parsed.text)
        lines = old.split("\n")
        start = region.start + sum(len(line) + 1 for line in lines[:begin])
        stop = region.start + sum(len(line) + 1 for line in lines[:end])
        text = "".join(line + line_break for line in news[new_begin:new_end])
        if stop > len(parsed.text):
            stop, text = len(parsed.text), text.removesuffix(line_break)
        return Edit(parsed.start + start, parsed.start + stop, text)

    def done(self, offer: Offer, page: Page, code: str) -> Done:
        """The lines that changed."""
        edit = self.edit(offer, page.parsed, code)
        return Done((edit,) if edit else ())

    def _check(self, offer: Offer, parsed: Parsed, code: str) -> tuple[Finding, ...]:
        edit = self.edit(offer, parsed, code) if code.strip() else None
        if edit is None:
            return (Finding(What.SYNTAX, 1, "nothing is changed"),)
        before = parsed.text
        start, end = edit.start - parsed.start, edit.end - parsed.start
        if len(edit.text.strip()) < len(before[start:end].strip()) and not edit.text.strip():
            return (Finding(What.SYNTAX, 1, "the line is only deleted"),)
        after = before[:start] + edit.text + before[end:]
        found = check_change(before, after, parsed.language)
        line = before.count("\n", 0, offer.start - parsed.start) + 1
        problem = Problem(offer.start, offer.end, offer.argument)
        still = [one for one in check(after, parsed.language) if _is_same(one, problem)]
        known = [one for one in check(before, parsed.language) if _is_same(one, problem)]
        if known and len(still) >= len(known):
            return (*found, Finding(What.NAME, line, f"the problem is still there: {still[0].message}"))
        return found


def _is_same(finding: Finding, problem: Problem) -> bool:
    """Whether a finding of ours is what the editor's analyser says: they quote the same name."""
    ours, theirs = set(_QUOTED.findall(finding.message)), set(_QUOTED.findall(problem.message))
    return bool(ours & theirs)


def _region(offer: Offer, parsed: Parsed) -> _Region:
    """The function that holds the problem, if it is short; else the lines near it."""
    text = parsed.text
    for found in enclosing(parsed, offer.start):
        start = text.rfind("\n", 0, found.start - parsed.start) + 1
        end = text.find("\n", found.end - parsed.start)
        end = len(text) if end == -1 else end + 1
        if not found.is_class and text.count("\n", start, end) <= MAX_LINES:
            return _Region(start, end)
    start = end = offer.start - parsed.start
    for _ in range(_NEAR_LINES + 1):
        start = text.rfind("\n", 0, max(0, start - 1)) + 1 if start else 0
        following = text.find("\n", end)
        end = len(text) if following == -1 else following + 1
    return _Region(start, end)
