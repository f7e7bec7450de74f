"""Implement: a signature with an empty body, or a comment, becomes code that does what it says."""

from __future__ import annotations

import re

from fimble.checks.check import check_change
from fimble.checks.finding import Finding, fatal
from fimble.checks.finding import Kind as What
from fimble.features.actions.action import Done, Edit, Kind, Offer, Page, Selection
from fimble.features.actions.bodies import with_body
from fimble.features.actions.examples import check_own_examples
from fimble.features.actions.layout import indentation_at, is_indented, laid_out, line_break_of, step_of
from fimble.features.actions.surroundings import as_begun, class_around, header_of, imports_of
from fimble.features.generation import instructions
from fimble.features.generation.generator import Task
from fimble.syntax.outline import Definition, enclosing
from fimble.syntax.parsed import Parsed

_MARKS = re.compile(r"^[ \t]*(?:#+|//+[/!]?|--+|/\*\*?|\*+/?|<!--|;+)?[ \t]?|[ \t]*(?:\*/|-->)[ \t]*$", re.MULTILINE)
MIN_COMMENT_CHARS = 4


class Implement:
    """Offers, asks and places."""

    kind = Kind.IMPLEMENT
    wanted = "version"

    def __init__(self, runs_examples: bool = True) -> None:
        """``runs_examples``: whether a docstring's own examples are run, where that is harmless."""
        self._runs_examples = runs_examples

    def offers(self, selection: Selection, page: Page) -> list[Offer]:
        """At most one: the empty function at the cursor, else the comment there."""
        parsed = page.parsed
        begun = _begun(parsed, selection.start)
        if begun is not None:
            return [Offer(self.kind, f"Implement {begun.name}", begun.start, begun.end)]
        comment = _comment(parsed, selection.start)
        if comment is None:
            return []
        start, end = comment
        said = instruction_in(parsed.text[start - parsed.start : end - parsed.start])
        if len(said) < MIN_COMMENT_CHARS:
            return []
        return [Offer(self.kind, "Implement this comment", start, end)]

    def task(self, offer: Offer, page: Page) -> Task:
        """What to ask, and how to tell whether an answer holds up in the document."""
        parsed, language = page.parsed, page.parsed.language
        begun = _begun(parsed, offer.start + 1) or _begun(parsed, offer.start)
        if begun is not None:
            messages = instructions.implement(as_begun(parsed, begun), language.name)
        else:
            said = instruction_in(parsed.text[offer.start - parsed.start : offer.end - parsed.start])
            messages = instructions.write(_in_place(said, parsed, offer.start), language.name)

        def check(code: str) -> tuple[Finding, ...]:
            edit = self.edit(offer, parsed, code)
            if edit is None:
                return (Finding(What.SYNTAX, 1, "the function is not in it"),)
            text = parsed.text
            start, end = edit.start - parsed.start, edit.end - parsed.start
            after = text[:start] + edit.text + text[end:]
            found = check_change(text, after, language)
            if begun is None or fatal(found) or not self._runs_examples:
                return found
            return (*found, *check_own_examples(parsed, begun, after, code))

        return Task(messages, check, start=f"```{language.name}\n")

    def edit(self, offer: Offer, parsed: Parsed, code: str) -> Edit | None:
        """Where ``code`` goes; ``None`` where there is nothing in it that could go there."""
        begun = _begun(parsed, offer.start + 1) or _begun(parsed, offer.start)
        line_break = line_break_of(parsed.text)
        if begun is not None:
            whole = with_body(parsed, begun, code)
            return None if whole is None else Edit(begun.start, begun.end, whole.replace("\n", line_break))
        if not code.strip():
            return None
        text = parsed.text
        indentation = indentation_at(text, offer.start - parsed.start)
        placed = laid_out(code, indentation, step_of(text if is_indented(text) else code))
        return Edit(offer.end, offer.end, line_break + placed.replace("\n", line_break))

    def done(self, offer: Offer, page: Page, code: str) -> Done:
        """The code in its place."""
        edit = self.edit(offer, page.parsed, code)
        return Done((edit,) if edit else ())


def instruction_in(comment: str) -> str:
    """What a comment says, without its marks; lines are joined."""
    lines = (_MARKS.sub("", line).strip() for line in comment.split("\n"))
    return "\n".join(line for line in lines if line)


def _in_place(said: str, parsed: Parsed, offset: int) -> str:
    """The instruction, with what has to be known of the place."""
    holder = class_around(parsed, offset)
    parts = [said]
    if holder is not None:
        parts.append(f"It is a method of this class:\n{header_of(parsed, holder)}")
    head = imports_of(parsed)
    if head:
        parts.append(f"These are imported already:\n{head.rstrip()}")
    return "\n\n".join(parts)


def _begun(parsed: Parsed, offset: int) -> Definition | None:
    """The innermost function at ``offset``, if it is still to be written."""
    for found in enclosing(parsed, offset):
        return found if found.is_empty and not found.is_class else None
    return None


def _comment(parsed: Parsed, offset: int) -> tuple[int, int] | None:
    """Start and end of the block of comment lines at ``offset``; nothing else stands on those lines."""
    text, place = parsed.text, offset - parsed.start
    starts: list[int] = []
    end: int | None = None
    line_start = text.rfind("\n", 0, place) + 1
    while True:
        line_end = text.find("\n", line_start)
        line_end = len(text) if line_end == -1 else line_end
        content = text[line_start:line_end].rstrip()
        begin = line_start + len(content) - len(content.lstrip())
        if not content.strip() or parsed.comment_start(parsed.start + line_start + len(content)) is None:
            break
        node_start = parsed.comment_start(parsed.start + line_start + len(content))
        if node_start is not None and node_start - parsed.start > begin:
            break
        starts.append(begin)
        end = line_start + len(content) if end is None else end
        if line_start == 0:
            break
        line_start = text.rfind("\n", 0, line_start - 1) + 1
    if end is None:
        return None
    following = text.find("\n", end)
    while following != -1:
        next_end = text.find("\n", following + 1)
        next_end = len(text) if next_end == -1 else next_end
        content = text[following + 1 : next_end].rstrip()
        begin = following + 1 + len(content) - len(content.lstrip())
        start = parsed.comment_start(parsed.start + following + 1 + len(content)) if content.strip() else None
        if start is None or start - parsed.start > begin:
            break
        end = following + 1 + len(content)
        following = next_end if next_end < len(text) else -1
    return parsed.start + starts[-1], parsed.start + end
