"""What is written as an entry is read as the same entry."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fimble.weights import catalog
from fimble.weights.entry import FolderSource, Shape, SourceFile, UrlSource, WheelSource, parse
from fimble.weights.entry_text import to_toml
from tests.unit import tiny


@pytest.mark.parametrize("name", ["qwen2.5-coder-0.5b-instruct", "qwen2.5-coder-1.5b-instruct"])
def test_built_in_entries_are_the_same_read_again(name: str) -> None:
    entry = replace(catalog.find(name), references=())
    assert entry.shape is not None
    assert entry.shape.layer_parameters + entry.shape.vocabulary * entry.shape.hidden == entry.parameters
    assert parse(to_toml(entry), name, "there") == entry


@pytest.mark.parametrize("text", ['a "b"', "back\\slash", "é 漢", "tab\there", "delete\x7f", "]\n[[source]]"])
def test_any_text_survives(text: str) -> None:
    entry = replace(
        tiny.entry(tiny.QWEN2),
        title=text,
        companions=(SourceFile("config.json", 2, "b" * 64),),
        sources=(
            FolderSource("/a " + text),
            UrlSource("https://x.example/" + text),
            WheelSource(("a", "b"), "1.0", "*/x" + text, text),
        ),
        shape=Shape(1, 2, 3, 4),
    )
    written = to_toml(entry, "By hand.")
    assert written.startswith("# By hand.\n")
    assert parse(written, "tiny", "there") == entry
