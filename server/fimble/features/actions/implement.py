"""Implement: a signature with an empty body, or a comment, becomes code that does what it says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath
from unicodedata import east_asian_width

from fimble.checks.finding import Finding, fatal
from fimble.checks.finding import Kind as What
from fimble.features.actions.action import Done, Edit, Kind, Offer, Page, Selection
from fimble.features.actions.below import written_below
from fimble.features.actions.bodies import filled
from fimble.features.actions.comments import comment_at, instruction_in
from fimble.features.actions.edits import applied
from fimble.features.actions.examples import check_own_examples
from fimble.features.actions.members import strange_members
from fimble.features.actions.neighbours import file_beside, imports_of
from fimble.features.actions.placed import check_edits
from fimble.features.actions.surroundings import as_begun, class_around, class_begun, opening_of
from fimble.features.generation import instructions
from fimble.features.generation.cutting import body_is_over, is_complete
from fimble.features.generation.generator import Task
from fimble.features.generation.instructions import fenced
from fimble.syntax.outline import Definition, enclosing
from fimble.syntax.parsed import Parsed

MIN_COMMENT_CHARS = 4
"""Or a word of Chinese, Japanese or Korean: two characters."""


class Implement:
    """Offers, asks and places."""

    kind = Kind.IMPLEMENT
    wanted = "version"

    def offers(self, selection: Selection, page: Page) -> list[Offer]:
        """At most one: the empty function at the cursor or below the comment there, else that comment."""
        parsed = page.parsed
        if PurePosixPath(page.uri).suffix == ".pyi":
            return []
        begun = _begun(parsed, selection.start)
        if begun is not None:
            return [Offer(self.kind, f"Implement {begun.name}", begun.start, begun.end)]
        comment = comment_at(parsed, selection.start)
        if comment is None or _width(_said(parsed, *comment)) < MIN_COMMENT_CHARS:
            return []
        below = _begun_below(parsed, comment[1])
        if below is not None:
            return [Offer(self.kind, f"Implement {below.name}", below.start, below.end)]
        return [Offer(self.kind, "Implement this comment", *comment)]

    def task(self, offer: Offer, page: Page) -> Task:
        """What to ask, and how to tell whether an answer holds up in the document."""
        parsed, language = page.parsed, page.parsed.language
        begun = _offered(parsed, offer)
        opening = ""
        is_over: Callable[[str], bool] = is_complete
        if begun is not None:
            messages = instructions.complete(as_begun(parsed, begun), language.name)
            opening = opening_of(parsed, begun)
            if opening and language.name == "python":
                is_over = body_is_over(opening)
        else:
            said = _said(parsed, offer.start, offer.end)
            messages = instructions.write(_in_place(said, parsed, offer), language.name)

        def check(code: str) -> tuple[Finding, ...]:
            edits = self.edits(offer, parsed, code)
            if not edits:
                return (Finding(What.SYNTAX, 1, "the function is not in it"),)
            found = (
                *check_edits(parsed, edits),
                *strange_members(parsed, class_around(parsed, offer.start, begun), edits),
            )
            if begun is None or fatal(found) or not page.runs_examples:
                return found
            return (*found, *check_own_examples(parsed, begun, applied(parsed, edits), code))

        return Task(messages, check, start=f"```{language.name}\n{opening}", is_over=is_over)

    def edits(self, offer: Offer, parsed: Parsed, code: str) -> tuple[Edit, ...]:
        """Where ``code`` goes, and what it needs; none where there is nothing in it that could go there."""
        begun = _offered(parsed, offer)
        if begun is not None:
            return filled(parsed, begun, code)
        return written_below(parsed, offer.start, offer.end, code)

    def done(self, offer: Offer, page: Page, code: str) -> Done:
        """The code in its place."""
        return Done(self.edits(offer, page.parsed, code))


def _width(text: str) -> int:
    """How much is said: signs that are two columns wide count twice."""
    return len(text) + sum(east_asian_width(sign) in "WF" for sign in text)


def _said(parsed: Parsed, start: int, end: int) -> str:
    return instruction_in(parsed.text[start - parsed.start : end - parsed.start])


def _in_place(said: str, parsed: Parsed, offer: Offer) -> str:
    """The instruction, behind what has to be known of the place."""
    language = parsed.language.name
    holder = class_around(parsed, offer.start)
    beside = "\n\n".join(part for part in (imports_of(parsed).rstrip(), file_beside(parsed, offer.start, said)) if part)
    parts: list[str] = []
    if beside:
        parts.append(f"This is in the file already:\n{fenced(beside, language)}")
    if holder is not None:
        own = class_begun(parsed, holder, (offer.start, offer.end))
        parts.append(f"This class is in the file already:\n{fenced(own, language)}")
        said = f"Add a method to it: {said}"
    return "\n\n".join([*parts, said])


def _offered(parsed: Parsed, offer: Offer) -> Definition | None:
    """The function that was offered; ``None`` if it was a comment."""
    for found in enclosing(parsed, offer.start):
        if (found.start, found.end) == (offer.start, offer.end) and found.is_unwritten:
            return found
    return None


def _begun(parsed: Parsed, offset: int) -> Definition | None:
    """The innermost function at ``offset``, if it is still to be written."""
    for found in enclosing(parsed, offset):
        return found if found.is_unwritten else None
    return None


def _begun_below(parsed: Parsed, end: int) -> Definition | None:
    """The function still to be written that begins on the line below ``end``."""
    text = parsed.text
    rest = text[end - parsed.start :]
    begin = end + len(rest) - len(rest.lstrip())
    if not rest.strip() or rest[: begin - end].count("\n") != 1:
        return None
    return next((found for found in enclosing(parsed, begin) if found.is_unwritten and found.start == begin), None)
