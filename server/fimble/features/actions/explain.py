"""Explain: what the selected code does, in words, naming the lines that it speaks of."""

from __future__ import annotations

import re

from fimble.checks.finding import Finding
from fimble.checks.finding import Kind as What
from fimble.features.actions.action import Done, Kind, Offer, Page, Selection
from fimble.features.actions.layout import line_end, line_start
from fimble.features.actions.spoken_of import line_of
from fimble.features.generation.generator import Task
from fimble.features.generation.instructions import fenced, title_of
from fimble.prompt.chat import Message, Role
from fimble.syntax.outline import enclosing
from fimble.syntax.parsed import Parsed

MAX_LINES = 120
MAX_TOKENS = 320
_ENDS = (".", "!", "?", "。", ":", ")", "`", "*")
_LINES = re.compile(
    r"(?i)\blines?\s+(\d+(?:\s*(?:-|–|to|and|&|,|,\s*and)\s*\d+)*)|第\s*(\d+(?:\s*[-–到至、和,，]\s*\d+)*)\s*行"
)
_POINT = re.compile(
    r"(?P<mark>\s*(?:[-*]|\d+[.)])\s+)[*_`]*"
    r"Lines? (?P<line>\d+)(?:\s*(?:-|–|to|and|,)\s*(?P<last>\d+))*[*_`]*\s*[:：,.]?[*_`]*(?P<said>.+)"
)
"""One that is named after lines."""


class Explain:
    """Offers, asks and gives a text to read."""

    kind = Kind.EXPLAIN
    wanted = "explanation"

    def offers(self, selection: Selection, page: Page) -> list[Offer]:
        """One: the selection, else the innermost definition at the cursor."""
        if selection.text.strip():
            return [Offer(self.kind, "Explain the selection", selection.start, selection.start + len(selection.text))]
        around = enclosing(page.parsed, selection.start)
        return [Offer(self.kind, f"Explain {around[0].name}", around[0].start, around[0].end)] if around else []

    def task(self, offer: Offer, page: Page) -> Task:
        """What to ask: the lines with their numbers."""
        parsed = page.parsed
        first, lines = _lines(offer, page)
        shown = "\n".join(f"{first + number}: {line}" for number, line in enumerate(lines))
        holder = next((one for one in enclosing(parsed, offer.start) if one.is_class and one.start < offer.start), None)
        place = f" of the class {holder.name}" if holder is not None else ""
        what = f"{title_of(parsed.language.name)} code{place}"
        said = f"Explain what this {what} does, in a few short steps. Name the lines."
        text = f"{said}\n{fenced(shown, '')}"
        last = first + len(lines) - 1
        return Task(
            (Message(Role.USER, text),),
            lambda answer: _check(answer, first, last),
            start=f"- Line {first}",
            cut=lambda answer: _at_its_lines(_whole(answer), first, lines),
            is_over=lambda _: False,
            max_tokens=MAX_TOKENS,
            again="Write the explanation again, corrected.",
        )

    def done(self, offer: Offer, page: Page, code: str) -> Done:
        """Markdown, under a title that says what is explained."""
        first, lines = _lines(offer, page)
        last, end = first + len(lines) - 1, first + _num_lines(offer, page.parsed) - 1
        title = f"### Lines {first} to {last}" if last > first else f"### Line {first}"
        left_out = f"\n_Lines {last + 1} to {end} are left out: no more than {MAX_LINES} are explained at once._\n"
        return Done(markdown=f"{title}\n\n{code}\n{left_out if end > last else ''}")


def _lines(offer: Offer, page: Page) -> tuple[int, list[str]]:
    """The number, from 1, of the first line in question, and the first ``MAX_LINES`` of them, whole."""
    parsed = page.parsed
    begin, end = _extent(offer, parsed)
    lines = [line.removesuffix("\r") for line in parsed.text[begin:end].split("\n")[:MAX_LINES]]
    return page.lines_before + parsed.text.count("\n", 0, begin) + 1, lines


def _num_lines(offer: Offer, parsed: Parsed) -> int:
    begin, end = _extent(offer, parsed)
    return parsed.text.count("\n", begin, end) + 1


def _extent(offer: Offer, parsed: Parsed) -> tuple[int, int]:
    """From where to where the whole lines go; empty ones at the end are left out."""
    start, end = max(0, offer.start - parsed.start), max(0, offer.end - parsed.start)
    begin = line_start(parsed.text, start)
    end = begin + len(parsed.text[begin:end].rstrip())
    return begin, line_end(parsed.text, max(begin, end - 1))


def _whole(answer: str) -> str:
    """``answer`` without a last line that was cut off."""
    text = answer.strip()
    head, _, last = text.rpartition("\n")
    return text if not head.strip() or last.rstrip().endswith(_ENDS) else head.rstrip()


def _at_its_lines(answer: str, first: int, lines: list[str]) -> str:
    """``answer`` with each point named after the line that it speaks of, where that can be told, else after none; and
    without points that say what an earlier one said."""
    made: list[str] = []
    seen: set[str] = set()
    for text in answer.split("\n"):
        point = _POINT.match(text)
        if point is None:
            made.append(text)
            continue
        said = point["said"].strip()
        if said in seen:
            continue
        seen.add(said)
        number = line_of(said, lines, int(point["line"]) - first)
        if number is None:
            made.append(f"{point['mark']}{said[:1].upper()}{said[1:]}")
        elif point["last"] and int(point["line"]) <= first + number <= int(point["last"]):
            made.append(text)
        else:
            made.append(f"{point['mark']}Line {first + number}: {said}")
    return "\n".join(made)


def _check(answer: str, first: int, last: int) -> tuple[Finding, ...]:
    """An explanation of lines that there are not is none."""
    if not answer:
        return (Finding(What.SYNTAX, 1, "it says nothing"),)
    for match in _LINES.finditer(answer):
        wrong = [number for number in re.findall(r"\d+", match[1] or match[2]) if not first <= int(number) <= last]
        if wrong:
            place = answer.count("\n", 0, match.start()) + 1
            return (Finding(What.SYNTAX, place, f"it speaks of line {wrong[0]}, which is not there"),)
    return ()
