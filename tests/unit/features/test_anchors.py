"""Anchors: what stays of a prompt while a person types, and when another one is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.features.anchors import MAX_DOCUMENTS, Anchors
from fimble.features.pace import MIN_COLD_TOKENS, Pace
from fimble.prompt.anchor import LATE_TAIL_LINES, LEAD_LINES, MAX_TAIL_CHARS, MAX_TAIL_LINES, Anchor
from fimble.prompt.build import PromptBuilder, bind
from fimble.prompt.templates import FAMILIES
from fimble.text import Cursor, Snapshot, Snippet
from tests.unit.cursor_mark import at_mark
from tests.unit.features.places import URI, FileTokenizer, cursor_in

BUDGET_TOKENS = 400
LONG = "".join(f"name_{number} = {number}\n" for number in range(200))


PROMPTS: PromptBuilder = bind(FAMILIES["qwen2.5-coder"], FileTokenizer())


@dataclass
class Shown:
    """Snippets that are found, and how often they were asked for."""

    snippets: tuple[Snippet, ...] = ()
    asked: list[Cursor] = field(default_factory=list)

    def __call__(self, cursor: Cursor) -> tuple[Snippet, ...]:
        self.asked.append(cursor)
        return self.snippets


def anchors(
    *snippets: Snippet, tokens_per_s: float = 450.0, num_cached: Callable[[Sequence[int]], int] = len
) -> tuple[Anchors, Shown]:
    """With an engine that has read everything already, if ``num_cached`` does not say otherwise."""
    shown = Shown(snippets)
    return Anchors(PROMPTS, BUDGET_TOKENS, Pace(tokens_per_s), shown, num_cached), shown


def typed_into(cursor: Cursor, text: str, behind: str = "") -> Cursor:
    """The cursor after ``text`` was typed, and an editor put ``behind`` after it."""
    return cursor_in(cursor.prefix + text + behind + cursor.suffix, cursor.offset + len(text), cursor.snapshot.uri)


MIDDLE = cursor_in(LONG + LONG, len(LONG))
AT_FIRST = "\n" + "".join(LONG.splitlines(keepends=True)[-LEAD_LINES:])
"""What follows the middle token before anything is typed."""


@pytest.mark.parametrize("typed", ["", "x", "x = 1", "x = 1\n", "x = 1\r\n    ", "é😀", "\n\n\ny"])
def test_the_tail_is_exactly_what_was_typed(typed: str) -> None:
    kept, _ = anchors()
    first, before = kept.at(MIDDLE)
    again, tail = kept.at(typed_into(MIDDLE, typed))
    assert again is first
    assert tail == before + typed
    assert before == AT_FIRST, "a new anchor lies some lines up"


def test_closers_that_the_editor_puts_behind_the_cursor_do_not_move_it() -> None:
    kept, _ = anchors()
    first, before = kept.at(MIDDLE)
    assert kept.at(typed_into(MIDDLE, "f([", "])")) == (first, before + "f([")


@pytest.mark.parametrize(
    "moved",
    [
        cursor_in("# new\n" + MIDDLE.snapshot.text, MIDDLE.offset + 6),
        cursor_in(LONG + "name_0 = 1\n" + LONG[11:], len(LONG)),
        cursor_in(LONG.replace("name_193 =", "name_193 +") + LONG, len(LONG)),
        cursor_in(LONG + LONG, len(LONG) // 2),
        cursor_in(LONG + LONG, len(LONG) + 40),
        typed_into(MIDDLE, "x" * (MAX_TAIL_CHARS + 1)),
        typed_into(MIDDLE, "x\n" * (MAX_TAIL_LINES + 1)),
    ],
    ids=["line above", "suffix", "prefix", "far before", "further on", "too many characters", "too many lines"],
)
def test_an_anchor_does_not_hold_where_what_it_shows_has_changed(moved: Cursor) -> None:
    kept, _ = anchors()
    first, _ = kept.at(MIDDLE)
    assert first.tail(moved) is None
    again, tail = kept.at(moved)
    assert again is not first
    assert again.tail(moved) == tail


PIECE = st.sampled_from(["a", "b", "(", ")", '"', " ", "\n", "\r\n", "\t", "😀", "<|fim_middle|>", "日本", "\ufffd"])
TEXT = st.lists(PIECE, max_size=30).map("".join)


@given(TEXT, TEXT, TEXT, TEXT, TEXT, st.integers(20, 200))
def test_a_tail_always_accounts_for_the_whole_text(
    before: str, after: str, new_before: str, typed: str, new_after: str, max_tokens: int
) -> None:
    """Where the anchor holds, its prefix, the tail, a few closers and its suffix are the text that it shows."""
    anchor = PROMPTS.anchor(cursor_in(before + after, len(before)), max_tokens)
    for head, tail_text, rest in ((before, typed, after), (new_before, typed, after), (before, typed, new_after)):
        cursor = cursor_in(head + tail_text + rest, len(head + tail_text))
        text, tail = cursor.snapshot.text, anchor.tail(cursor)
        if tail is None:
            assert (head, rest) != (before, after) or len(typed) > MAX_TAIL_CHARS or typed.count("\n") >= MAX_TAIL_LINES
            continue
        assert text[anchor.start : anchor.end] == anchor.prefix
        assert text[anchor.end : cursor.offset] == tail
        closers, _, _ = text[cursor.offset :].partition(anchor.suffix) if anchor.suffix else ("", "", "")
        assert len(closers) <= 4 and set(closers) <= set(")]}>\"'`")
        if anchor.is_suffix_whole:
            assert text[cursor.offset :].endswith(anchor.suffix)
            assert set(text[cursor.offset : len(text) - len(anchor.suffix)]) <= set(")]}>\"'`")


@given(TEXT, TEXT, st.integers(20, 200))
def test_a_prompt_shows_what_its_anchor_says(before: str, after: str, max_tokens: int) -> None:
    cursor = cursor_in(before + after, len(before))
    anchor = PROMPTS.anchor(cursor, max_tokens)
    tail = anchor.tail(cursor)
    assert tail is not None
    assert cursor.prefix.endswith(anchor.prefix + tail)
    assert cursor.suffix.startswith(anchor.suffix)
    prompt = PROMPTS.prompt(anchor, tail)
    tokenizer = FileTokenizer()
    assert tokenizer.decode(prompt.tokens) + prompt.required == anchor.prefix + anchor.suffix + tail
    assert len(anchor.head) <= max_tokens + 3


@pytest.mark.parametrize("column", [600, 1199, 1201, 500_000])
@pytest.mark.parametrize("has_line_before", [False, True])
def test_a_cursor_far_into_a_long_line_has_an_anchor_that_survives_typing(column: int, has_line_before: bool) -> None:
    head = "var before = 1;\n" * has_line_before
    line = "f(a,b);" * 150_000
    kept, _ = anchors()
    cursor = cursor_in(head + line, len(head) + column, "file:///a.js")
    first, tail = kept.at(cursor)
    assert len(tail) <= MAX_TAIL_CHARS
    num_moves = 0
    for length in range(1, 60):
        again, tail = kept.at(typed_into(cursor, "x" * length))
        assert tail.endswith("x" * length)
        num_moves += again is not first
    assert num_moves == 0, "a character typed leaves the prompt as it was"


def test_the_first_window_is_what_can_be_read_in_time_and_grows_in_idle_time() -> None:
    snippet = Snippet("b.py", "z = 1\n")
    kept, shown = anchors(snippet, tokens_per_s=1.0)
    hasty, _ = kept.at(MIDDLE)
    assert len(hasty.head) <= MIN_COLD_TOKENS + 3 and hasty.snippets == () and shown.asked == []
    better = kept.better(MIDDLE)
    assert better is not None and len(better.head) > len(hasty.head)
    assert better.snippets == kept.at(MIDDLE)[0].snippets or better.snippets == (snippet,)
    assert kept.at(MIDDLE)[0] is hasty, "until it is read, the one that is cached is used"
    assert kept.better(MIDDLE) is better, "the same again while it is being read"
    kept.adopt(better)
    assert kept.at(MIDDLE)[0] is better
    assert kept.snippets(URI) == (snippet,)
    assert kept.better(MIDDLE) is None, "nothing is left to do"


def test_who_asks_waits_for_the_whole_window() -> None:
    kept, shown = anchors(Snippet("b.py", "z = 1\n"), tokens_per_s=1.0)
    anchor, tail = kept.at(MIDDLE, in_haste=False)
    assert len(anchor.head) + len(tail) > 0.5 * BUDGET_TOKENS
    assert anchor.snippets and len(shown.asked) == 1
    assert kept.better(MIDDLE) is None


def test_an_anchor_that_lies_far_back_is_moved_in_idle_time_and_its_window_begins_where_it_did() -> None:
    kept, _ = anchors()
    first, _ = kept.at(MIDDLE, in_haste=False)
    near = typed_into(MIDDLE, "x = 1\n" * (LATE_TAIL_LINES - LEAD_LINES - 1))
    far = typed_into(MIDDLE, "x = 1\n" * (LATE_TAIL_LINES - LEAD_LINES + 1))
    assert kept.better(near) is None
    better = kept.better(far)
    assert better is not None and better.end > first.end
    assert better.start >= first.start
    kept.adopt(better)
    assert kept.at(far)[0] is better
    assert kept.better(far) is None


def test_a_pending_anchor_that_no_longer_holds_is_made_anew() -> None:
    kept, _ = anchors(tokens_per_s=1.0)
    kept.at(MIDDLE)
    pending = kept.better(MIDDLE)
    elsewhere = cursor_in(LONG + LONG, len(LONG) // 2)
    other = kept.better(elsewhere)
    assert other is not None and other is not pending
    assert other.tail(elsewhere) is not None


def test_moving_the_work_forward_ends() -> None:
    """However the cursor wanders, as soon as it rests there is at most one anchor to read."""
    kept, _ = anchors(tokens_per_s=1.0)
    cursor = MIDDLE
    for step in range(30):
        cursor = typed_into(cursor, f"value_{step} = {step}\n")
        kept.at(cursor)
        if step % 3 == 0:
            kept.better(cursor)
    num_read = 0
    while (better := kept.better(cursor)) is not None:
        kept.adopt(better)
        num_read += 1
        assert num_read <= 1
    assert num_read == 1


def test_a_machine_that_can_read_it_in_time_moves_the_window_at_once() -> None:
    fast, slow = (anchors(tokens_per_s=speed, num_cached=lambda _: 0)[0] for speed in (1e6, 1.0))
    for kept in (fast, slow):
        kept.at(MIDDLE, in_haste=False)
    jumped = cursor_in(LONG + LONG, len(LONG) // 2)
    anchor, tail = fast.at(jumped)
    assert len(anchor.head) + len(tail) > 0.6 * BUDGET_TOKENS
    assert len(slow.at(jumped)[0].head) <= MIN_COLD_TOKENS + 3


def test_a_window_that_the_engine_has_forgotten_is_not_read_again_while_a_person_waits() -> None:
    num_cached = [10_000]
    kept, _ = anchors(tokens_per_s=1.0, num_cached=lambda _: num_cached[0])
    kept.at(MIDDLE, in_haste=False)
    assert kept.is_ready(MIDDLE) and not kept.is_ready(cursor_in(LONG, 0))
    num_cached[0] = 0
    assert not kept.is_ready(MIDDLE)
    assert len(kept.at(MIDDLE)[0].head) <= MIN_COLD_TOKENS + 3
    assert kept.better(MIDDLE) is not None


def test_a_small_window_that_was_never_read_stays_as_it_is() -> None:
    """Keys that come faster than the first answer: what they have in common must be read once only."""
    kept, _ = anchors(tokens_per_s=1.0, num_cached=lambda _: 0)
    first, _ = kept.at(MIDDLE)
    for length in range(1, 20):
        assert kept.at(typed_into(MIDDLE, "x" * length))[0].head == first.head


def test_snippets_of_a_window_made_in_haste_are_looked_for_in_idle_time() -> None:
    """Also when the cursor jumped once more before there was any."""
    snippet = Snippet("b.py", "z = 1\n")
    kept, _ = anchors(snippet, tokens_per_s=1e6)
    kept.at(MIDDLE)
    jumped = cursor_in(LONG + LONG, len(LONG) // 2)
    kept.at(jumped)
    better = kept.better(jumped)
    assert better is not None and better.snippets == (snippet,)


def test_what_the_cursor_s_text_names_by_now_makes_another_anchor() -> None:
    named = Snippet("c.py", "class Named: ...\n", is_named=True)
    kept, shown = anchors(tokens_per_s=1e6)
    first, _ = kept.at(MIDDLE, in_haste=False)
    shown.snippets = (Snippet("b.py", "z = 1\n"),)
    assert kept.at(MIDDLE, in_haste=False)[0] is first and kept.better(MIDDLE) is None
    shown.snippets = (named,)
    assert kept.at(MIDDLE)[0] is first, "who types is not kept waiting"
    better = kept.better(MIDDLE)
    assert better is not None and better.snippets == (named,)
    kept.adopt(better)
    assert kept.better(MIDDLE) is None
    shown.snippets = (Snippet("d.py", "class Other: ...\n", is_named=True),)
    assert kept.at(MIDDLE, in_haste=False)[0].snippets == shown.snippets, "who asks gets it at once"


def test_what_the_prompt_has_no_room_for_makes_no_anchor_again_and_again() -> None:
    kept, shown = anchors(tokens_per_s=1e6)
    shown.snippets = (Snippet("c.py", "class Named: ...\n" * 1000, is_named=True),)
    first, _ = kept.at(MIDDLE, in_haste=False)
    assert first.snippets == ()
    assert kept.at(MIDDLE, in_haste=False)[0] is first and kept.better(MIDDLE) is None


def test_snippets_that_were_late_are_looked_for_once_more_in_idle_time() -> None:
    late = [True]
    shown = Shown()
    kept = Anchors(PROMPTS, BUDGET_TOKENS, Pace(1e6), shown, len, lambda: late[0])
    kept.at(MIDDLE, in_haste=False)
    late[0], shown.snippets = False, (Snippet("b.py", "z = 1\n"),)
    better = kept.better(MIDDLE)
    assert better is not None and better.snippets == shown.snippets
    kept.adopt(better)
    assert kept.better(MIDDLE) is None


def test_as_many_documents_as_are_kept() -> None:
    kept, _ = anchors()
    cursors = [cursor_in("x = \n", 4, f"file:///{number}.py") for number in range(MAX_DOCUMENTS + 1)]
    first = kept.at(cursors[0])[0]
    for cursor in cursors[1:-1]:
        kept.at(cursor)
        assert kept.at(cursors[0])[0] is first, "in use"
    kept.at(cursors[-1])
    assert kept.at(cursors[0])[0] is first
    kept.forget(cursors[0].snapshot.uri)
    assert kept.at(cursors[0])[0] is not first
    assert kept.better(at_mark("x‸", uri="file:///unknown.py")) is None


def test_markers_in_the_file_are_text() -> None:
    cursor = at_mark("a = '<|fim_middle|>'\nb = ‸'<|fim_suffix|>'\n")
    anchor = PROMPTS.anchor(cursor, 200)
    markers = [token for token in anchor.head if token >= 0x110000]
    assert len(markers) == 3


def test_an_anchor_is_a_value() -> None:
    one, other = (PROMPTS.anchor(MIDDLE, 100) for _ in range(2))
    assert isinstance(one, Anchor) and one == other
    assert PROMPTS.anchor(Cursor(Snapshot("file:///b", "", 1, MIDDLE.snapshot.text), MIDDLE.offset), 100) != one
