"""Translate: the selection or the file in another language, as a document of its own."""

from __future__ import annotations

import textwrap
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from fimble.checks.agreement import can_compare, cases_of, check_agreement
from fimble.checks.check import check
from fimble.checks.finding import Finding, fatal
from fimble.checks.finding import Kind as What
from fimble.errors import ConfigError
from fimble.features.actions.action import Done, Kind, NewDocument, Offer, Page, Selection
from fimble.features.actions.answers import read
from fimble.features.actions.layout import line_end, line_start
from fimble.features.actions.mending import mending
from fimble.features.generation import instructions
from fimble.features.generation.generator import Task
from fimble.syntax.languages import Language, find

TARGETS = {
    "python": ("Python", ".py"),
    "javascript": ("JavaScript", ".js"),
    "typescript": ("TypeScript", ".ts"),
    "java": ("Java", ".java"),
    "go": ("Go", ".go"),
    "rust": ("Rust", ".rs"),
    "c": ("C", ".c"),
    "cpp": ("C++", ".cpp"),
    "csharp": ("C#", ".cs"),
    "ruby": ("Ruby", ".rb"),
    "php": ("PHP", ".php"),
    "kotlin": ("Kotlin", ".kt"),
    "swift": ("Swift", ".swift"),
    "lua": ("Lua", ".lua"),
    "scala": ("Scala", ".scala"),
    "bash": ("Bash", ".sh"),
}
"""Language -> how people write it, and what its files end with."""
OFFERED = ("python", "javascript", "typescript", "java", "go", "rust")


class Translate:
    """Offers, asks and gives a new document."""

    kind = Kind.TRANSLATE
    wanted = "translation"

    def offers(self, selection: Selection, page: Page) -> list[Offer]:
        """One a language, for a selection, which may be all of the document; clients fold them into one menu."""
        parsed = page.parsed
        if not selection.text.strip() or parsed.language.name not in TARGETS:
            return []
        what = "Translate the file" if selection.text.strip() == selection.snapshot.text.strip() else "Translate"
        start, end = _widened(selection.snapshot.text, selection.start, selection.end)
        return [
            Offer(self.kind, f"{what} to {TARGETS[name][0]}", start, end, name)
            for name in OFFERED
            if name != parsed.language.name
        ]

    def task(self, offer: Offer, page: Page) -> Task:
        """What to ask; the answer must parse, and where both can be run, come to the same."""
        parsed = page.parsed
        language = target(offer.argument)
        source = parsed.text[offer.start - parsed.start : offer.end - parsed.start]
        is_tried = page.runs_examples and (parsed.language.name, language.name) == ("python", "javascript")
        cases = cases_of(textwrap.dedent(source)) if is_tried and can_compare() else {}
        warnings = _warnings_of(source, offer, page)

        def checked(code: str) -> tuple[Finding, ...]:
            if not code.strip():
                return (Finding(What.SYNTAX, 1, "there is no code in it"),)
            found = (*check(code, language), *warnings)
            return found if fatal(found) else (*found, *check_agreement(code, cases))

        return Task(
            instructions.translate(source, parsed.language.name, language.name),
            checked,
            start=f"```{language.name}\n",
            mend=mending(language),
        )

    def done(self, offer: Offer, page: Page, code: str) -> Done:
        """A document named like the source, with the other language's ending."""
        language = target(offer.argument).name
        stem = PurePosixPath(unquote(urlsplit(page.uri).path)).stem or "translated"
        return Done(document=NewDocument(stem + TARGETS[language][1], language, code))


def _warnings_of(source: str, offer: Offer, page: Page) -> tuple[Finding, ...]:
    """Where ``source`` is not of its language: what a model makes of that may be anything."""
    parsed = page.parsed
    code = textwrap.dedent(source)
    answer = read(code, parsed.language)
    if answer is None or not answer.parsed.faults:
        return ()
    read_text = answer.parsed.text
    byte = min(fault.start for fault in answer.parsed.faults)
    number = answer.parsed.data.count(b"\n", 0, byte) - read_text.count("\n", 0, max(0, read_text.find(code)))
    line = page.lines_before + parsed.text.count("\n", 0, offer.start - parsed.start) + number + 1
    said = f"the source is no {parsed.language.name} here, so that its translation is a guess"
    return (Finding(What.SOURCE, line, said),)


def _widened(text: str, start: int, end: int) -> tuple[int, int]:
    """``start`` to ``end`` without half words, and over several lines without half lines: of those a model makes
    other code."""
    selected = text[start:end]
    end = start + len(selected)
    if "\n" in selected.strip():
        return line_start(text, start), max(end, line_end(text, start + len(selected.rstrip())))
    while start > 0 and _is_in_word(text, start):
        start -= 1
    while end < len(text) and _is_in_word(text, end):
        end += 1
    return start, end


def _is_in_word(text: str, offset: int) -> bool:
    """Whether a word goes on at ``offset``."""
    return all(sign == "_" or sign.isalnum() for sign in text[offset - 1 : offset + 1]) and 0 < offset < len(text)


def target(name: str) -> Language:
    """The language of that name. Raises ``ConfigError`` where nothing can be translated to it."""
    wanted = name.strip().lower()
    known = {title.lower(): key for key, (title, _) in TARGETS.items()} | {key: key for key in TARGETS}
    language = find(known.get(wanted, ""), "") if wanted in known else None
    if language is None:
        raise ConfigError(
            f"There is no language {name!r} to translate to.",
            f"The languages are {', '.join(title for title, _ in TARGETS.values())}.",
        )
    return language
