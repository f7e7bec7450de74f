"""Snippets under any events: never over budget, whole lines, never private, never what the window holds."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from fimble.context.difference import difference
from fimble.context.edits import RecentEdits
from fimble.context.elsewhere import Elsewhere
from fimble.privacy import Privacy
from fimble.text import Cursor, Snapshot

NAMES = ("a.py", "lib/b.py", ".env", "keys/c.pem", "d.csv", "e.js")
PRIVATE = (".env", "keys/c.pem", "d.csv")
WORDS = st.sampled_from(
    ["price", "net_price", "def gross(item):", "Größe", "x", "", "    return", "日本", "\t}", "\ud83d"]
)
LINE = st.lists(WORDS, max_size=4).map(" ".join)
TEXT = st.lists(st.tuples(LINE, st.sampled_from(["\n", "\n", "\r\n", ""])), max_size=90).map(
    lambda lines: "".join(line + end for line, end in lines)
)
EVENTS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(["opened", "changed", "closed", "focused", "forget"]), TEXT),
    max_size=14,
)


@given(EVENTS, TEXT, st.data(), st.integers(0, 900))
def test_snippets(events: list[tuple[str, str, str]], text: str, data: st.DataObject, max_chars: int) -> None:
    root = Path("/shop")
    elsewhere = Elsewhere(Privacy(["*.csv"], [root]), lambda: 0.0)
    texts: dict[str, str] = {}
    shown_once: dict[str, list[str]] = {}
    for version, (name, event, new) in enumerate(events):
        uri = (root / name).as_uri()
        if event == "opened":
            elsewhere.opened(Snapshot(uri, "python", version, new))
        elif event == "changed":
            elsewhere.changed(
                Snapshot(uri, "python", version - 1, texts.get(name, "")), Snapshot(uri, "python", version, new)
            )
        else:
            getattr(elsewhere, event)(uri)
            continue
        texts[name] = new
        shown_once.setdefault(name, []).append(new)
    offset = data.draw(st.integers(0, len(text)))
    texts["a.py"] = text
    shown_once.setdefault("a.py", []).append(text)
    cursor = Cursor(Snapshot((root / "a.py").as_uri(), "python", 99, text), offset)
    seen = (max(0, offset - 200), offset + 100)
    for budget in (max_chars, data.draw(st.integers(0, 900))):
        found = elsewhere.snippets(cursor, budget, seen=seen)
        assert sum(len(snippet.path) + len(snippet.text) for snippet in found) <= budget
        for snippet in found:
            assert snippet.path not in PRIVATE
            assert snippet.text.endswith("\n") and snippet.text.strip() and "\r" not in snippet.text
            whole = ["\n" + old.replace("\r\n", "\n") + "\n" for old in shown_once[snippet.path]]
            assert any("\n" + snippet.text in old for old in whole)
        assert elsewhere.snippets(cursor, budget, seen=seen) == found


@given(TEXT, TEXT, st.data())
def test_the_difference_turns_one_text_into_the_other(before: str, after: str, data: st.DataObject) -> None:
    found = difference(before, after)
    if found is None:
        assert before == after
        return
    assert before[: found.start] + after[found.start : found.after_end] + before[found.before_end :] == after
    assert before[: found.start] == after[: found.start]
    known = data.draw(st.integers(0, found.start))
    assert difference(before, after, known) == found
    smaller = before[found.start : found.before_end], after[found.start : found.after_end]
    assert not all(smaller) or (smaller[0][0] != smaller[1][0] and smaller[0][-1] != smaller[1][-1])


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 12), TEXT.map(lambda text: text[:20])), max_size=12))
def test_edits_stand_where_they_say(changes: list[tuple[int, int, str]]) -> None:
    edits = RecentEdits(lambda: 0.0)
    text = "".join(f"line {number}\n" for number in range(25))
    for version, (place, length, new) in enumerate(changes):
        start = place % (len(text) + 1)
        after = text[:start] + new + text[start + length :]
        edits.record(Snapshot("file:///a", "", version, text), Snapshot("file:///a", "", version + 1, after), start)
        text = after
    for edit in edits.latest()[-1:]:
        if edit.version == len(changes):
            assert text[edit.start : edit.start + len(edit.after)] == edit.after
            assert edit.start == 0 or text[edit.start - 1] == "\n"
            assert edit.before != edit.after
