"""A name and a question are asked in the right way, and answers of several workspaces are one list."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fimble.features.search import MAX_QUERY_CHARS, Search, is_name, merged
from fimble.index.records import Answer, Hit, Kind

HIT = Hit("a.py", "upload", Kind.FUNCTION, 3, 9, "def upload()", "def upload():", 3, 1.0, ("its name",))


class Scripted:
    """Knows a few hits, and what it was asked."""

    def __init__(self, *hits: Hit, notes: tuple[str, ...] = ()) -> None:
        self.hits, self.notes = hits, notes
        self.asked: list[tuple[str, int]] = []

    def search(self, query: str, limit: int = 20) -> Answer:
        self.asked.append((query, limit))
        return Answer(self.hits, self.notes)

    def like(self, part: str, limit: int) -> list[Hit]:
        return list(self.hits)[:limit]


def search_in(names: Scripted, words: Scripted, opened: list[str] | None = None) -> Search:
    def open_part(name: str, part: Any) -> Any:
        if opened is not None:
            opened.append(name)
        return part

    return Search(lambda: open_part("names", names), lambda: open_part("words", words))


def test_each_part_is_opened_once_and_only_when_needed() -> None:
    opened: list[str] = []
    search = search_in(Scripted(HIT), Scripted(HIT), opened)
    assert opened == []
    search.named("up", 5)
    search.named("upl", 5)
    assert opened == ["names"]
    search.ask("where is it sent", 5)
    search.ask("who sends it", 5)
    assert opened == ["names", "words"]


def test_a_question_goes_to_the_searcher_as_it_is_but_for_its_blanks() -> None:
    words = Scripted(HIT, notes=("The index is not finished.",))
    answer = search_in(Scripted(), words).ask("  where\nis it\tsent? ", 7)
    assert words.asked == [("where is it sent?", 7)]
    assert answer == Answer((HIT,), ("The index is not finished.",))


@pytest.mark.parametrize("query", ["", "  ", "\n\t", "\0"])
def test_an_empty_query_is_told(query: str) -> None:
    words = Scripted(HIT)
    answer = search_in(Scripted(HIT), words).ask(query, 5)
    assert answer.hits == () and "is empty" in answer.notes[0] and words.asked == []


def test_a_long_query_is_cut_and_told() -> None:
    words = Scripted(HIT)
    answer = search_in(Scripted(), words).ask("word " * 2000, 5)
    assert len(words.asked[0][0]) <= MAX_QUERY_CHARS
    assert str(MAX_QUERY_CHARS) in answer.notes[0] and answer.hits


def test_a_name_stands_before_what_speaks_of_it_and_is_listed_once() -> None:
    named = (HIT, replace(HIT, path="b.py", name="reupload", score=0.7))
    spoken = (replace(HIT, score=0.4), replace(HIT, path="c.py", name="retry"), replace(HIT, path="d.py", score=0.1))
    hits = search_in(Scripted(*named), Scripted(*spoken)).ask("upload", 10).hits
    assert [hit.path for hit in hits] == ["a.py", "c.py", "b.py", "d.py"]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len(search_in(Scripted(*named), Scripted(*spoken)).ask("upload", 2).hits) == 2


def test_what_is_a_name() -> None:
    assert all(is_name(query) for query in ("upload", "Client.up", " gup ", "", "上传在哪里"))
    assert not any(is_name(query) for query in ("where is it", "a b", "x" * (MAX_QUERY_CHARS + 1)))


def test_hits_of_two_folders_are_one_list_and_a_file_in_both_is_listed_once() -> None:
    outer = Answer((replace(HIT, path="sub/a.py", score=0.5), replace(HIT, path="z.py", score=0.9)))
    inner = Answer((replace(HIT, path="a.py", score=0.8),))
    found = merged([(Path("/w"), outer), (Path("/w/sub"), inner)], 5)
    assert [(root, hit.path) for root, hit in found] == [(Path("/w"), "z.py"), (Path("/w"), "sub/a.py")]
    assert len(merged([(Path("/w"), outer)], 1)) == 1
