"""What a model's own files say of its licence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fimble.weights.licence import Licence, from_folder, from_gguf

APACHE = "\n                                 Apache License\n                           Version 2.0, January 2004\n"


@pytest.mark.parametrize(
    ("card", "name", "link"),
    [
        ("---\nlicense: apache-2.0\n---\n# Model\n", "Apache-2.0", ""),
        ("---\nlicense: 'mit'\r\ntags:\n- code\n---\n", "MIT", ""),
        ("---\ntags:\n- code\nlicense:\n- bigcode-openrail-m\n---\n", "bigcode-openrail-m", ""),
        ("---\nlicense: [mit]\n---", "MIT", ""),
        ("---\nlicense: other\nlicense_name: deepseek\nlicense_link: LICENSE\n---\n", "deepseek", "LICENSE"),
        ("---\nlicense: other\n---\n", "unknown", ""),
        ("---\nlicense: unknown\nlicense_link: https://x.example/l\n---\n", "unknown", "https://x.example/l"),
        ("# Model\n\nlicense: mit\n", "unknown", ""),
        ("---\nlicense: m\x1b[31mit\n---\n", "m[31mit", ""),
        ("", "unknown", ""),
    ],
)
def test_the_card_names_it(tmp_path: Path, card: str, name: str, link: str) -> None:
    (tmp_path / "README.md").write_text(card, encoding="utf-8", newline="")
    found = from_folder(tmp_path)
    assert (found.name, found.link) == (name, link)
    assert found.is_known is (name != "unknown")


def test_else_a_licence_file_does(tmp_path: Path) -> None:
    (tmp_path / "LICENSE.txt").write_text(APACHE, encoding="utf-8")
    assert from_folder(tmp_path) == Licence("Apache License, Version 2.0, January 2004", "LICENSE.txt")
    (tmp_path / "README.md").write_text("---\nlicense: mit\n---\n", encoding="utf-8")
    assert from_folder(tmp_path) == Licence("MIT", "README.md")


def test_nothing_that_says_it_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "LICENSE").write_bytes(b"\xff\xfe\n \n")
    (tmp_path / "licenses.json").write_text("{}")
    assert not from_folder(tmp_path / "nowhere").is_known
    assert from_folder(tmp_path).name != "{}"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "README.md")
    assert not from_folder(tmp_path).is_known


def test_a_gguf_file_names_it_in_its_metadata() -> None:
    assert from_gguf({"general.license": "apache-2.0"}) == Licence("Apache-2.0", "the GGUF file")
    other = {"general.license": "other", "general.license.name": "qwen", "general.license.link": "https://x.example"}
    assert from_gguf(other) == Licence("qwen", "the GGUF file", "https://x.example")
    assert not from_gguf({}).is_known
    assert not from_gguf({"general.license": 3}).is_known
