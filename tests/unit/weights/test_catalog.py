"""Entries are found by name, and a malformed one is named with its file and key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fimble import config
from fimble.errors import ConfigError, UnknownModel
from fimble.weights import catalog
from fimble.weights.catalog import HubSource, UrlSource, WheelSource

MINE = """
name = "mine"
title = "Mine"
licence = "MIT"
architecture = "llama"
prompt_family = "codellama"
context_length = 4096
parameters = 1000
format = "safetensors"

[file]
name = "model.safetensors"
bytes = 10
sha256 = "{sha}"

[[companion]]
name = "config.json"
bytes = 2
sha256 = "{sha}"

[[source]]
kind = "url"
url = "http://127.0.0.1/model.safetensors"
""".format(sha="a" * 64)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path))
    (tmp_path / "catalogue").mkdir()
    return tmp_path


def add(home: Path, text: str, name: str = "mine") -> None:
    (home / "catalogue" / f"{name}.toml").write_text(text)


def test_the_default_model_is_there_with_its_sources_in_order() -> None:
    entry = catalog.find(config.DEFAULT_MODEL)
    assert entry.licence == "Apache-2.0"
    assert entry.file.bytes == entry.num_bytes == 491_400_064
    hub, wheels = entry.sources
    assert isinstance(hub, HubSource)
    assert isinstance(wheels, WheelSource)
    assert len(wheels.packages) == 6


def test_every_built_in_entry_is_well_formed() -> None:
    entries, complaints = catalog.entries()
    assert complaints == []
    assert [entry.name for entry in entries] == catalog.names()
    assert len(entries) >= 2
    assert catalog.catalogue_file(f"{config.DEFAULT_MODEL}.toml") is not None
    assert catalog.catalogue_file("no-such-file.json") is None


def test_an_unknown_name_lists_near_ones() -> None:
    with pytest.raises(UnknownModel) as error:
        catalog.find("qwen2.5-coder-0.5b")
    assert config.DEFAULT_MODEL in error.value.hint
    with pytest.raises(UnknownModel, match="Known are"):
        catalog.find("zzzzzzzz")


def test_a_persons_own_entry_is_found_with_its_references(home: Path) -> None:
    add(home, MINE)
    reference = {
        "prompt": "def f",
        "prompt_tokens": [1, 2],
        "next_tokens": [3],
        "top_ids": [[3, 4]],
        "top_logprobs": [[-0.1, -3.0]],
    }
    (home / "catalogue" / "mine.reference.json").write_text(json.dumps({"references": [reference]}))
    entry = catalog.find("mine")
    assert entry.sources == (UrlSource("http://127.0.0.1/model.safetensors"),)
    assert entry.num_bytes == 12
    assert entry.references[0].top_ids == ((3, 4),)
    (home / "catalogue" / "mine.reference.json").write_text('{"references": [{"prompt": 1}]}')
    with pytest.raises(ConfigError, match=r"mine\.reference\.json"):
        catalog.find("mine")


def test_answers_for_other_bytes_are_refused(home: Path) -> None:
    add(home, MINE)
    recorded = home / "catalogue" / "mine.reference.json"
    recorded.write_text(json.dumps({"made_with": {"source_sha256": "b" * 64}, "references": []}))
    with pytest.raises(ConfigError, match="recorded for other bytes") as error:
        catalog.find("mine")
    assert "mine.reference.json" in error.value.what
    recorded.write_text(json.dumps({"made_with": {"source_sha256": "a" * 64}, "references": []}))
    assert catalog.find("mine").references == ()
    recorded.write_text(json.dumps({"made_with": [], "references": []}))
    with pytest.raises(ConfigError, match="no reference answers"):
        catalog.find("mine")


def test_built_in_answers_stay_with_their_bytes(home: Path) -> None:
    builtin = catalog.find(config.DEFAULT_MODEL)
    assert builtin.references
    renamed = MINE.replace('name = "mine"', f'name = "{config.DEFAULT_MODEL}"')
    add(home, renamed, config.DEFAULT_MODEL)
    assert catalog.find(config.DEFAULT_MODEL).references == ()
    add(home, renamed.replace("a" * 64, builtin.file.sha256), config.DEFAULT_MODEL)
    assert catalog.find(config.DEFAULT_MODEL).references == builtin.references


def test_a_persons_own_entry_replaces_a_built_in_one(home: Path) -> None:
    add(home, MINE.replace('name = "mine"', f'name = "{config.DEFAULT_MODEL}"'), config.DEFAULT_MODEL)
    assert catalog.find(config.DEFAULT_MODEL).title == "Mine"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('title = "Mine"\n', "", "title is missing"),
        ("bytes = 10", 'bytes = "10"', r"file\.bytes must be a whole number"),
        ("bytes = 10", "bytes = -1", r"file\.bytes must be a whole number"),
        ("a" * 64, "A" * 64, r"file\.sha256 must be 64 hexadecimal digits"),
        ('name = "model.safetensors"', 'name = "../model"', r"file\.name must be a bare file name"),
        ('name = "model.safetensors"', 'name = ".."', r"file\.name must be a bare file name"),
        ('name = "model.safetensors"', 'name = "a:b"', r"file\.name must be a bare file name"),
        ('name = "model.safetensors"', 'name = "a\\u0000b"', r"file\.name must be a bare file name"),
        ('name = "config.json"', 'name = "Wheels"', r"companion\[0\]\.name must be a bare file name"),
        ('name = "config.json"', 'name = "Model.safetensors"', r"companion\[0\]\.name is the name of another file"),
        (
            'kind = "url"\nurl = "http://127.0.0.1/model.safetensors"',
            'kind = "folder"\npath = "mine"',
            r"source\[0\]\.path",
        ),
        ('kind = "url"', 'kind = "torrent"', r"source\[0\]\.kind must be hub, wheels, url or folder"),
        ('url = "http:', 'url = "ftp:', r"source\[0\]\.url must begin with"),
        ('format = "safetensors"', 'format = "pickle"', "format must be one of gguf, safetensors"),
        ('name = "mine"', 'name = "other"', "name must be 'mine'"),
        ('licence = "MIT"', 'licence = "MIT"\nlicense = "MIT"', "license is not a key"),
        ("[[source]]", "[[sauce]]", "source needs at least one table"),
        ("[[source]]", "[source]", r"source must be tables, written \[\[source\]\]"),
        ('licence = "MIT"', "licence = ", "is not TOML"),
    ],
)
def test_a_malformed_entry_names_its_file_and_key(home: Path, old: str, new: str, complaint: str) -> None:
    assert old in MINE
    add(home, MINE.replace(old, new))
    with pytest.raises(ConfigError, match=complaint) as error:
        catalog.find("mine")
    assert "mine.toml" in error.value.what


def test_packages_and_versions_cannot_be_options_for_pip(home: Path) -> None:
    source = '[[source]]\nkind = "wheels"\nversion = "1.0"\nmember = "*.bin"\npackages = ["--index-url=x"]\n'
    add(home, MINE[: MINE.index("[[source]]")] + source)
    with pytest.raises(ConfigError, match="not the name of a package"):
        catalog.find("mine")
    add(home, MINE[: MINE.index("[[source]]")] + source.replace("--index-url=x", "x").replace("1.0", "1 -r y"))
    with pytest.raises(ConfigError, match="must be one version"):
        catalog.find("mine")


def test_one_malformed_entry_hides_no_other(home: Path) -> None:
    add(home, "name = 3")
    (home / "catalogue" / "latin.toml").write_bytes(b'name = "\xe9"')
    entries, complaints = catalog.entries()
    assert config.DEFAULT_MODEL in [entry.name for entry in entries]
    assert len(complaints) == 2
