"""``fimble translate``: where the translation goes, and that it never goes over the source."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fimble.errors import ActionRefused, ConfigError, FimbleError
from tests.unit.cli.scripted_model import installed, ran

TEXT = "def add(a: int, b: int):\n    return a + b\n"
CODE = "function add(a, b) {\n  return a + b;\n}\n"


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("sums.py").write_text(TEXT, encoding="utf-8")
    return Path("sums.py")


@pytest.mark.parametrize("name", ["JavaScript", "js", "javascript"])
def test_the_translation_is_printed(name: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = installed(monkeypatch, CODE + "```")
    done = ran("translate", "sums.py", "--to", name)
    assert (done.code, done.out) == (0, CODE)
    assert f"```python\n{TEXT}```" in model.prompts[0] and "to JavaScript" in model.prompts[0]
    assert path.read_text(encoding="utf-8") == TEXT


def test_a_pipe_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, CODE + "```")
    done = ran("translate", "-", "--from", "python", "--to", "javascript", piped=TEXT)
    assert (done.code, done.out) == (0, CODE)


def test_nothing_is_run_where_that_is_turned_off(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, CODE.replace("+", "-") + "```")
    monkeypatch.setenv("FIMBLE_RUN_EXAMPLES", "off")
    done = ran("translate", "sums.py", "--to", "javascript", "--json")
    record = json.loads(done.out)
    assert (record["attempts"], record["checks"]) == (1, [])


def test_it_is_written_where_that_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, CODE + "```", CODE + "```", CODE + "```")
    done = ran("translate", "sums.py", "--to", "javascript", "-o", "sums.js")
    assert (done.code, done.out) == (0, "")
    assert Path("sums.js").read_text(encoding="utf-8") == CODE
    with pytest.raises(ActionRefused, match=r"sums.js exists already. With --force"):
        ran("translate", "sums.py", "--to", "javascript", "-o", "sums.js")
    Path("sums.js").write_text("old", encoding="utf-8")
    done = ran("translate", "sums.py", "--to", "javascript", "-o", "sums.js", "--force", "--json")
    assert (json.loads(done.out)["out"], json.loads(done.out)["code"]) == ("sums.js", CODE)
    assert Path("sums.js").read_text(encoding="utf-8") == CODE


def test_where_nothing_passes_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, *["function (\n```"] * 8)
    done = ran("translate", "sums.py", "--to", "javascript", "-o", "sums.js")
    assert (done.code, done.out) == (1, "")
    assert "No translation passed the checks: line 1" in done.err
    record = json.loads(ran("translate", "sums.py", "--to", "javascript", "--json", "-o", "sums.js").out)
    assert (record["code"], record["passed"], record["out"]) == ("", False, None)
    assert record["checks"] and not Path("sums.js").exists()
    assert "1 | function (" in done.err and record["rejected"].startswith("function (")


def test_a_source_that_does_not_parse_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("sums.py").write_text("x = 1\n\ndef add(a, b:\n    return a + b\n", encoding="utf-8")
    installed(monkeypatch, CODE + "```", CODE + "```")
    done = ran("translate", "sums.py", "--to", "javascript")
    assert (done.code, done.out) == (0, CODE)
    assert "fimble: warning: line 3: the source is no python here" in done.err
    (check,) = json.loads(ran("translate", "sums.py", "--to", "javascript", "--json").out)["checks"]
    assert (check["kind"], check["line"], check["fatal"]) == ("source", 3, False)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (("sums.py", "--to", "klingon"), ConfigError, "There is no language 'klingon' to translate to"),
        (("sums.py", "--to", "json"), ConfigError, "There is no language 'json' to translate to"),
        (("sums.py", "--to", ""), ConfigError, "There is no language '' to translate to"),
        (("sums.py", "--to", "py"), ActionRefused, "is Python already"),
        (("sums.py", "--from", "css", "--to", "go"), ActionRefused, "css, which is not translated"),
        (("-", "--to", "go"), ConfigError, "Standard input does not tell its language. Give it: --from"),
        (("sums.py", "--to", "go", "-o", "sums.py", "--force"), ActionRefused, "is the source itself"),
        (("sums.py", "--to", "go", "-o", "nosuch/sums.go"), ActionRefused, "There is no folder nosuch"),
    ],
)
def test_bad_input_is_told_before_the_model_is_loaded(
    arguments: tuple[str, ...], error: type[FimbleError], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = installed(monkeypatch)
    with pytest.raises(error, match=says):
        ran("translate", *arguments, piped=TEXT)
    assert model.num_loaded == 0
