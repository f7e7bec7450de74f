"""Configuration for editors: what ``fimble doctor`` prints, and the files in ``editors``."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from fimble.cli.editors import checkout, snippets
from fimble.config import Config, apply

PROGRAM = "/home/a b/fimble"
ROOT = Path(__file__).parents[3]
EDITORS = ROOT / "editors"


def read_commented(text: str) -> Any:
    """JSON whose comments stand on lines of their own or behind a comma."""
    return json.loads(re.sub(r"(^|[ ,])//.*$", r"\1", text, flags=re.MULTILINE))


def test_paths_are_quoted() -> None:
    made = snippets([PROGRAM])
    assert tomllib.loads(made["Helix"])["language-server"]["fimble"]["command"] == PROGRAM
    assert read_commented(made["VS Code"]) == {"fimble.server.path": PROGRAM}
    assert '{ "/home/a b/fimble", "serve", "--stdio" }' in made["Neovim"]
    assert '{ "/home/a b/fimble", "serve", "--stdio" }' in made["Neovim 0.11"]
    assert '\'("/home/a b/fimble" "serve" "--stdio")' in made["Emacs"]
    assert '("/home/a b/fimble" "serve" "--stdio")' in made["Emacs with eglot"]


def test_a_checkout_has_a_plugin_and_a_package() -> None:
    made = snippets([PROGRAM], Path("/src/it is"))
    assert 'append("/src/it is/editors/nvim")' in made["Neovim"]
    assert '\'load-path "/src/it is/editors/emacs"' in made["Emacs"]
    assert 'code --install-extension "/src/it is/vscode-client/fimble.vsix"' in made["VS Code"]
    assert "Neovim 0.11" not in made


def test_several_words_are_no_program() -> None:
    assert read_commented(snippets(["/usr/bin/python3", "-m", "fimble"])["VS Code"]) == {}


def test_this_is_a_checkout() -> None:
    assert checkout() == ROOT


def test_helix_is_told_the_same_in_both_places() -> None:
    shipped = tomllib.loads((EDITORS / "helix/languages.toml").read_text(encoding="utf-8"))
    printed = tomllib.loads(snippets(["fimble"])["Helix"])
    assert apply(Config(), shipped["language-server"]["fimble"].pop("config"), "")[1] == []
    assert shipped == printed


@pytest.mark.parametrize("name", ["zed/settings.json", "sublime/LSP.sublime-settings", "kate/settings.json"])
def test_files_that_nobody_could_try_can_be_read(name: str) -> None:
    said = json.dumps(read_commented((EDITORS / name).read_text(encoding="utf-8")))
    assert '"serve", "--stdio"' in said
