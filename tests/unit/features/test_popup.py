from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.features.popup import choices, preview, word_left
from fimble.text import Suggestion


def entries(word: str, text: str) -> list[tuple[str, str]]:
    return [(choice.text, choice.label) for choice in choices(word, Suggestion(text, -0.1))]


@pytest.mark.parametrize(
    ("line", "word"),
    [("", ""), ("x = pri", "pri"), ("self.", ""), ("  naïve_2", "naïve_2"), ("😀", ""), ("a ", "")],
)
def test_the_word_left_of_the_cursor(line: str, word: str) -> None:
    assert word_left(line) == word


def test_a_line_gives_itself_and_its_first_words() -> None:
    assert entries("pri", "nt(total, file=out)") == [("print(total, file=out)", "print(total, file=out)")]
    assert entries("", "self.items.append(value)") == [
        ("self.items.append(value)", "self.items.append(value)"),
        ("self.items.append", "self.items.append"),
    ]
    assert entries("ret", "urn total / count(x)") == [
        ("return total / count(x)", "return total / count(x)"),
        ("return total / count", "return total / count"),
    ]


def test_a_block_gives_its_first_line_and_all_of_it() -> None:
    found = choices("fo", Suggestion("r x in y:\n    print(x)\n\n    count += 1\n", -0.1))
    assert [choice.text for choice in found] == [
        "for x in y:",
        "for x in y:\n    print(x)\n\n    count += 1",
        "for x in",
    ]
    assert [choice.label for choice in found] == ["for x in y:", "for x in y: …", "for x in"]
    assert [choice.num_more_lines for choice in found] == [0, 3, 0]


def test_a_suggestion_that_begins_on_the_next_line_is_named_by_that_line() -> None:
    (line,) = choices("x", Suggestion("\n    return y", -0.1))
    assert (line.text, line.label, line.filter_text) == ("x\n    return y", "x return y", "x return y")


def test_one_word_is_one_entry() -> None:
    assert entries("app", "end") == [("append", "append")]


def test_no_bracket_is_left_open_in_a_part() -> None:
    assert entries("", "[x for x in y]") == [("[x for x in y]", "[x for x in y]")]
    assert entries("", "f(a) + g(b) + h(c)") == [
        ("f(a) + g(b) + h(c)", "f(a) + g(b) + h(c)"),
        ("f(a) + g", "f(a) + g"),
    ]


def test_a_long_label_is_cut() -> None:
    ((_, label),) = entries("", "'" + "x" * 100 + "'")
    assert len(label) == 60
    assert label.endswith("…")


TEXT = st.text("ab_ .()[]:\n\té😀", min_size=1, max_size=40).filter(str.strip)


@given(st.sampled_from(["", "pri", "x"]), TEXT)
def test_entries_are_beginnings_of_the_suggestion_and_all_different(word: str, text: str) -> None:
    found = choices(word, Suggestion(text, -0.1))
    assert found
    assert len({choice.text for choice in found}) == len(found)
    for choice in found:
        assert (word + text).startswith(choice.text)
        assert choice.text.startswith(word)
        assert choice.filter_text.startswith(word)
        assert choice.label and "\n" not in choice.label + choice.filter_text
        assert len(choice.label) <= 62


def test_a_preview_is_a_fenced_block_without_indentation() -> None:
    text = "for x in y:\n        print(x)"
    assert preview(text, "    ", "python", True) == "```python\nfor x in y:\n    print(x)\n```"
    assert preview(text, "    ", "python", False) == "for x in y:\n    print(x)"


def test_a_fence_is_longer_than_those_inside_and_its_language_is_one_word() -> None:
    assert preview("````", "", "a b\n`c", True) == "`````abc\n````\n`````"
