"""Kept answers against a naive twin that compares whole texts, over random typing in two documents that begin alike."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import event, given
from hypothesis import strategies as st

from fimble.features.cache import ContinuationCache
from fimble.features.continuation import Continuation, Place
from fimble.features.flight import Flight
from fimble.features.screen import Screen
from fimble.text import Cursor, Snapshot, Suggestion

URIS = ("file:///a.py", "file:///b.py")
CLOSING = {"(": ")", "[": "]", '"': '"'}
CLOSERS = ")]}>\"'`"
MAX_CLOSERS = 4
MAX_ENTRIES = 6

CHARACTER = st.sampled_from([*"ab\n ()[\"'😀", "\r\n", "\t"])
ANSWER = st.lists(CHARACTER, min_size=1, max_size=6).map("".join)
ACTION = st.one_of(
    st.tuples(st.just("type"), CHARACTER),
    st.tuples(st.just("type and close"), st.sampled_from([*CLOSING])),
    st.tuples(st.just("backspace"), st.integers(1, 3)),
    st.tuples(st.just("follow"), st.integers(1, 4)),
    st.tuples(st.just("go"), st.integers(-4, 4)),
    st.tuples(st.just("edit elsewhere"), st.integers(0, 20)),
    st.tuples(st.just("switch"), st.just(0)),
    st.tuples(st.just("answer"), ANSWER),
    st.tuples(st.just("answer"), ANSWER),
)


@dataclass
class Typist:
    """Two documents, and what is done in the one that has the focus."""

    texts: list[str] = field(default_factory=lambda: ["ab\n()\n", "ab\n()\nb"])
    offsets: list[int] = field(default_factory=lambda: [2, 2])
    focus: int = 0

    @property
    def cursor(self) -> Cursor:
        return Cursor(Snapshot(URIS[self.focus], "python", 1, self.texts[self.focus]), self.offsets[self.focus])

    def insert(self, before: str, after: str = "") -> None:
        text, offset = self.texts[self.focus], self.offsets[self.focus]
        self.texts[self.focus] = text[:offset] + before + after + text[offset:]
        self.offsets[self.focus] = offset + len(before)

    def do(self, kind: str, value: int | str, rest: str) -> None:
        """One action; ``rest`` is what an answer says comes next."""
        text, offset = self.texts[self.focus], self.offsets[self.focus]
        if isinstance(value, str):
            if kind != "answer":
                self.insert(value, CLOSING.get(value, "") if kind == "type and close" else "")
        elif kind == "backspace":
            self.texts[self.focus] = text[: max(0, offset - value)] + text[offset:]
            self.offsets[self.focus] = max(0, offset - value)
        elif kind == "follow":
            self.insert(rest[:value])
        elif kind == "go":
            self.offsets[self.focus] = min(max(0, offset + value), len(text))
        elif kind == "edit elsewhere" and text:
            place = value % len(text)
            if not offset - 3 <= place <= offset:
                self.texts[self.focus] = text[:place] + "~" + text[place + 1 :]
        elif kind == "switch":
            self.focus = 1 - self.focus


@dataclass
class Twin:
    """Whole texts, in the order in which they were kept."""

    kept: list[tuple[str, str, int, str]] = field(default_factory=list)
    """Document, its text, the cursor's offset, the answer there."""

    def put(self, cursor: Cursor, answer: str) -> None:
        uri, text, offset = cursor.snapshot.uri, cursor.snapshot.text, cursor.offset
        self.kept = [one for one in self.kept if one[:3] != (uri, text, offset)]
        self.kept = [*self.kept, (uri, text, offset, answer)][-MAX_ENTRIES:]

    def find(self, cursor: Cursor) -> str | None:
        for one in reversed(self.kept):
            typed = typed_between(*one[:3], cursor)
            if typed is not None and one[3].startswith(typed):
                return one[3].removeprefix(typed)
        return None


def typed_between(uri: str, text: str, offset: int, cursor: Cursor) -> str | None:
    """What makes ``text`` the cursor's text when it is typed at ``offset``, closers put in by the editor aside."""
    now = cursor.snapshot.text
    typed = now[offset : cursor.offset] if cursor.offset >= offset else None
    if typed is None or cursor.snapshot.uri != uri:
        return None
    for num_closers in range(MAX_CLOSERS + 1):
        closers = now[cursor.offset : cursor.offset + num_closers]
        if all(char in CLOSERS for char in closers) and text[:offset] + typed + closers + text[offset:] == now:
            return typed
    return None


def continuation(cursor: Cursor, text: str) -> Continuation:
    ends = tuple(range(1, len(text) + 1))
    return Continuation(Place.at(cursor, ()), text, ends, (-0.1,) * len(text), (0, *map(ord, text)), 1, True)


@given(st.lists(ACTION, max_size=40))
def test_the_cache_gives_what_the_twin_gives_and_nothing_else(actions: list[tuple[str, int | str]]) -> None:
    typist, cache, twin = Typist(), ContinuationCache(MAX_ENTRIES), Twin()
    for kind, value in actions:
        typist.do(kind, value, twin.find(typist.cursor) or "")
        if kind == "answer":
            cache.put(continuation(typist.cursor, str(value)))
            twin.put(typist.cursor, str(value))
        found, expected = cache.find(typist.cursor, ()), twin.find(typist.cursor)
        assert (found[1] if found else None) == expected
        event("a hit" if found else "a miss")
        if found is not None:
            place, rest = found[0].place, found[1]
            typed = typist.cursor.snapshot.text[place.offset : typist.cursor.offset]
            assert found[0].text == typed + rest, "never text that disagrees with what was typed"


@given(st.lists(ACTION, max_size=40))
def test_the_screen_shows_the_same_text_until_it_is_typed_out_or_over(actions: list[tuple[str, int | str]]) -> None:
    typist, screen = Typist(), Screen()
    shown: dict[str, tuple[str, int, str]] = {}
    for kind, value in actions:
        before = screen.rest_for(typist.cursor)
        typist.do(kind, value, before.text if before else "")
        cursor = typist.cursor
        if kind == "answer" and str(value).strip():
            screen.show(cursor, Suggestion(str(value), -0.1))
            shown[cursor.snapshot.uri] = (cursor.snapshot.text, cursor.offset, str(value))
        rest = screen.rest_for(cursor)
        text, offset, suggestion = shown.get(cursor.snapshot.uri, ("", 0, ""))
        typed = typed_between(cursor.snapshot.uri, text, offset, cursor)
        is_exact = typed is not None and len(text) + len(typed) == len(cursor.snapshot.text)
        if typed is not None and is_exact and suggestion.startswith(typed) and suggestion.removeprefix(typed).strip():
            assert rest is not None and typed + rest.text == suggestion
        elif rest is not None:
            assert typed is not None and suggestion.startswith(typed + rest.text)
            assert not is_exact, "typed out or typed over"


@given(ANSWER, st.lists(ACTION, max_size=12))
def test_an_answer_in_flight_goes_on_exactly_while_it_agrees(answer: str, actions: list[tuple[str, int | str]]) -> None:
    typist = Typist()
    begun = typist.cursor
    flight, written, wanted = Flight(Place.at(begun, ())), "", ""
    for number, (kind, value) in enumerate(actions):
        written = answer[: number + 1]
        agrees = written.startswith(wanted) or wanted.startswith(written)
        assert flight.goes_on(written) == agrees
        typist.do(kind, value, answer)
        typed = typed_between(begun.snapshot.uri, begun.snapshot.text, begun.offset, typist.cursor)
        joins = typed is not None and (written.startswith(typed) or typed.startswith(written))
        assert flight.joins(typist.cursor) == joins
        if joins and typed is not None:
            wanted = typed
