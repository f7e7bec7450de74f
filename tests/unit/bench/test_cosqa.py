"""A small CoSQA, and folders that hold none."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from fimble.bench.cosqa import FUNCTIONS, QUERIES, path_of, read
from fimble.errors import DocumentError

TWO: list[dict[str, Any]] = [
    {"idx": "a", "doc": "python read a file", "code": "…", "retrieval_idx": 2},
    {"idx": "b", "doc": "sort a list", "code": "…", "retrieval_idx": 0},
]
# in no order, as a mapping may come
THREE = {"def between(): pass": 1, "def read(path):\n    return 'é'\n": 2, "def sort(): pass": 0}


def put(folder: Path, queries: Any = TWO, functions: Any = THREE) -> Path:
    (folder / QUERIES).write_bytes(gzip.compress(json.dumps(queries).encode()))
    (folder / FUNCTIONS).write_bytes(gzip.compress(json.dumps(functions).encode()))
    return folder


def test_an_answer_is_the_number_of_its_function(tmp_path: Path) -> None:
    found = read(put(tmp_path))
    assert found.queries == ("python read a file", "sort a list")
    assert [found.functions[answer] for answer in found.answers] == [
        "def read(path):\n    return 'é'\n",
        "def sort(): pass",
    ]


def test_each_function_becomes_a_file(tmp_path: Path) -> None:
    found = read(put(tmp_path))
    found.write(tmp_path / "work")
    for number, code in enumerate(found.functions):
        assert (tmp_path / "work" / path_of(number)).read_text(encoding="utf-8") == code
    assert [path_of(number) for number in (0, 499, 500, 6266)] == ["0/0.py", "0/499.py", "1/500.py", "12/6266.py"]


@pytest.mark.parametrize("missing", [QUERIES, FUNCTIONS])
def test_a_missing_file_is_told(tmp_path: Path, missing: str) -> None:
    (put(tmp_path) / missing).unlink()
    with pytest.raises(DocumentError, match="holds no CoSQA") as raised:
        read(tmp_path)
    assert QUERIES in raised.value.hint and FUNCTIONS in raised.value.hint


@pytest.mark.parametrize("name", [QUERIES, FUNCTIONS])
@pytest.mark.parametrize("damage", ["empty", "plain", "cut", "bent", "no json", "no utf-8"])
def test_a_broken_file_is_told(tmp_path: Path, name: str, damage: str) -> None:
    whole = (put(tmp_path) / name).read_bytes()
    broken = {
        "empty": b"",
        "plain": gzip.decompress(whole),
        "cut": whole[:-9],
        "bent": whole[:12] + b"\xff" * 20 + whole[32:],
        "no json": gzip.compress(b"{"),
        "no utf-8": gzip.compress(b'["\xff"]'),
    }
    (tmp_path / name).write_bytes(broken[damage])
    with pytest.raises(DocumentError, match="holds no CoSQA"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("queries", "functions"),
    [([{"doc": "no number"}], THREE), ([{"doc": "a", "retrieval_idx": "x"}], THREE), ({"doc": "a"}, THREE), (3, THREE),
     (TWO, ["def f(): pass"]), (TWO, 3), (TWO, {"def f(): pass": 1, "def g(): pass": "2"})],
)  # fmt: skip
def test_files_that_say_something_else_are_told(tmp_path: Path, queries: Any, functions: Any) -> None:
    with pytest.raises(DocumentError, match="holds no CoSQA"):
        read(put(tmp_path, queries, functions))
