"""Cuts that hold still, and what is known of a passage."""

from __future__ import annotations

from fimble.context.passages import MAX_LINE_CHARS, MAX_LINES, cut, read


def function(name: str, lines: int) -> str:
    return f"def {name}():\n" + "".join(f"    {name}_{line} = {line}\n" for line in range(lines)) + "\n\n"


def pieces(text: str) -> list[str]:
    return [piece for _, piece in cut(text, 0, len(text))]


def test_cuts_fall_between_definitions() -> None:
    text = function("first", 30) + function("second", 25) + function("third", 5)
    assert pieces(text) == [function("first", 30), function("second", 25), function("third", 5)]


def test_small_definitions_share_a_passage() -> None:
    text = function("one", 5) + function("two", 5)
    assert pieces(text) == [text]


def test_no_passage_is_long_and_none_is_lost() -> None:
    text = "x = 1\n" * 500
    found = list(cut(text, 0, len(text)))
    assert all(piece.count("\n") <= MAX_LINES for _, piece in found)
    assert "".join(piece for _, piece in found) == text
    assert all(text.startswith(piece, start) for start, piece in found)


def test_an_edit_leaves_the_other_passages() -> None:
    text = "".join(function(f"name_{number}", 25) for number in range(8))
    changed = text.replace("name_3_7 = 7\n", "name_3_7 = 7\n    more = 1\n")
    assert len(set(pieces(text)) & set(pieces(changed))) == 7


def test_a_part_of_a_text_begins_and_ends_at_lines() -> None:
    text = "one\ntwo\nthree\nfour\n"
    assert list(cut(text, 5, 16)) == [(8, "three\n")]
    assert list(cut(text, 4, 8)) == [(4, "two\n")]
    assert list(cut(text, 15, len(text))) == []


def test_minified_lines_belong_to_no_passage() -> None:
    assert pieces("a = 1\n" + "x" * (MAX_LINE_CHARS + 1) + "\nb = 2\n") == ["a = 1\n", "b = 2\n"]


def test_what_is_declared() -> None:
    python = read("class Price:\n    def net_of(self):\n        total = 1\n\nLIMIT: int = 3\nif x == 1: pass\n")
    assert python is not None and python.declared == {"Price", "net_of", "LIMIT"}
    go = read("func (s *Shop) NetOf(price int) int {\n\treturn price\n}\n")
    assert go is not None and go.declared == {"NetOf"}
    java = read("  private static int netOf(Price price) {\n  if (price == null) {\n")
    assert java is not None and java.declared == {"netOf"}
    script = read("export const netOf = (price) => price\nfunction gross() {}\n")
    assert script is not None and script.declared == {"netOf", "gross"}


def test_line_ends_are_one_kind() -> None:
    passage = read("first = 1\r\nsecond = 2")
    assert passage is not None and passage.text == "first = 1\nsecond = 2\n"


def test_what_must_not_be_shown() -> None:
    assert read("key = '-----BEGIN " + "PRIVATE KEY-----'\n") is None
    assert read("broken = '\ud800'\n") is None
