"""Definitions are found by any part of their name, the likeliest first."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from fimble.index.chunks import cut
from fimble.index.names import Names
from fimble.index.reader import Reader
from fimble.index.records import Stamp
from fimble.index.store import Store
from fimble.syntax.languages import LANGUAGES

SOURCE = """
MAX_TRIES = 3
WAIT_S = 2.0


class Client:
    def upload(self, path):
        pass

    def retryUpload(self, path):
        pass


class Server:
    def upload(self):
        pass


def upload_all(paths):
    pass


def getURLPath(url):
    pass


def reupload():
    pass
"""


def put(store: Store, path: str, text: str) -> None:
    content = cut(path, LANGUAGES["python"], text)
    store.put(content, Stamp(len(text), time.time_ns()), [bytes(16)] * len(content.chunks))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store.open(tmp_path)
    put(store, "src/net.py", SOURCE)
    return store


@pytest.fixture
def names(store: Store, tmp_path: Path) -> Names:
    return Names(Reader(tmp_path))


def found(names: Names, part: str, limit: int = 50) -> list[str]:
    return [hit.name for hit in names.like(part, limit)]


def test_the_same_name_then_its_beginning_then_its_parts(names: Names) -> None:
    listed = found(names, "upload")
    assert listed == ["Client.upload", "Server.upload", "upload_all", "reupload", "Client.retryUpload"]
    assert [hit.why for hit in names.like("upload", 4)] == [
        ("its name",), ("its name",), ("the beginning of its name",), ("part of its name",),
    ]  # fmt: skip
    scores = [hit.score for hit in names.like("upload", 50)]
    assert scores == sorted(scores, reverse=True) and scores[0] == 1.0


@pytest.mark.parametrize("part", ["gup", "geturlpath", "GETURL", "getUP", "uRLp", "gurlp"])
def test_the_case_does_not_matter_and_initials_do(names: Names, part: str) -> None:
    assert "getURLPath" in found(names, part)


@pytest.mark.parametrize("part", ["glpath", "pug", "getxpath", "upload.client"])
def test_letters_in_the_middle_of_a_part_are_no_initials(names: Names, part: str) -> None:
    assert found(names, part) == []


@pytest.mark.parametrize("part", ["Client.upload", "client.up", "Client::upload", "Client#upload", " Client.upload "])
def test_what_it_lies_in_may_be_named(names: Names, part: str) -> None:
    assert found(names, part)[0] == "Client.upload"
    assert "Server.upload" not in found(names, part)


def test_values_are_found_by_each_of_their_names_on_their_own_line(names: Names) -> None:
    (hit,) = names.like("WAIT_S", 5)
    assert (hit.name, hit.start_line, hit.end_line, hit.snippet) == ("WAIT_S", 2, 3, "WAIT_S = 2.0")
    assert [hit.start_line for hit in names.like("MAX_TRIES", 5)] == [1]


def test_an_empty_name_is_held_by_all_up_to_the_limit(names: Names) -> None:
    assert len(found(names, "", 3)) == 3
    assert len(found(names, "")) >= 9


def test_odd_queries_find_nothing(names: Names) -> None:
    for part in ("a\nb", "zzz", "(", "[", "\\", "%", "a" * 10_000, "\ud800", "😀"):
        assert found(names, part) == []


def test_a_change_is_seen(store: Store, names: Names) -> None:
    assert found(names, "brand_new") == []
    put(store, "b.py", "def brand_new():\n    pass\n")
    deadline_s = time.monotonic() + 10
    while found(names, "brand_new") != ["brand_new"]:
        assert time.monotonic() < deadline_s
    store.remove(["b.py"])
    while found(names, "brand_new"):
        assert time.monotonic() < deadline_s


def test_no_index_has_no_names(tmp_path: Path) -> None:
    assert found(Names(Reader(tmp_path / "none")), "upload") == []


def test_names_of_one_letter_over_and_over_end(store: Store, names: Names) -> None:
    put(store, "a.py", "".join(f"def {'a' * 60}{number}():\n    pass\n" for number in range(200)))
    begun_s = time.monotonic()
    assert found(names, "a" * 30 + "z") == []
    assert time.monotonic() - begun_s < 5
