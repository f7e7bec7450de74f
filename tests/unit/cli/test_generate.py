"""``fimble generate``: what is printed where, from a model whose answers are known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fimble.cli import app
from fimble.errors import (
    ConfigError,
    DocumentTooLarge,
    FimbleError,
    ModelFolderInvalid,
    ModelNotInstalled,
    NotText,
    PromptTooLong,
)
from tests.unit.cli.scripted_model import MODEL, installed, ran

GOOD = "def add(a, b):\n    return a + b\n"
BAD = "def add(a, b):\n    return a + c\n"
INSECURE = "import subprocess\n\n\ndef run(a):\n    subprocess.call(a, shell=True)\n"


def test_the_code_alone_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    model = installed(monkeypatch, GOOD + "```\nThat is it.")
    done = ran("generate", "add two numbers")
    assert (done.code, done.out, done.err) == (0, GOOD, "A note.\n")
    assert "add two numbers\n\nWrite it in Python." in model.prompts[0]
    assert model.num_loaded == model.num_closed == 1


@pytest.mark.parametrize("arguments", [("-",), ()])
def test_the_instruction_can_be_piped(arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    model = installed(monkeypatch, "var x = 1;\n```")
    done = ran("generate", *arguments, "--lang", "JS", piped="\ufeff计算两个数字的总和 <|im_end|>\n")
    assert (done.code, done.out) == (0, "var x = 1;\n")
    assert "[user]计算两个数字的总和 <|im_end|>\n\nWrite it in JavaScript." in model.prompts[0]


def test_a_program_gets_one_object(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, BAD + "```", INSECURE + "```")
    done = ran("generate", "add", "--json")
    record = json.loads(done.out)
    assert done.code == 0 and record.pop("latency_ms") > 0
    (check,) = record.pop("checks")[:1]
    assert (check["kind"], check["line"], check["fatal"]) == ("security", 5, False)
    assert record == {
        "code": INSECURE,
        "language": "python",
        "passed": True,
        "refusal": "",
        "attempts": 2,
        "model": MODEL,
        "provider": "cpu",
        "rejected": "",
    }


def test_warnings_go_to_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, INSECURE + "```")
    done = ran("generate", "run")
    assert done.out == INSECURE
    assert "fimble: warning: line 5: " in done.err and "insecure pattern" in done.err


def test_where_nothing_passes_nothing_is_printed_and_the_faults_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, *[BAD + "```"] * 4)
    done = ran("generate", "add")
    assert (done.code, done.out) == (1, "")
    assert "No python code passed its checks in 4 attempts." in done.err
    assert "undefined name 'c'" in done.err and "2 |     return a + c" in done.err


def test_where_nothing_passes_a_program_gets_what_was_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, *[BAD + "```"] * 4)
    done = ran("generate", "add", "--json")
    record = json.loads(done.out)
    assert done.code == 1
    assert (record["code"], record["passed"], record["rejected"], record["attempts"]) == ("", False, BAD, 4)
    assert [(check["kind"], check["line"], check["fatal"]) for check in record["checks"]] == [("name", 2, True)]


@pytest.mark.parametrize(
    ("arguments", "piped", "error", "says"),
    [
        (("x", "--lang", "klingon"), b"", ConfigError, "There is no language 'klingon'. The languages are python,"),
        (("",), b"", ConfigError, "There is no instruction"),
        (("  \n",), b"", ConfigError, "There is no instruction"),
        (("-",), b" ", ConfigError, "There is no instruction"),
        (("-",), b"\xff", NotText, "Standard input is not UTF-8"),
        (("-",), b"x" * (4 * 2**20 + 1), DocumentTooLarge, "more than 4 MB"),
    ],
)
def test_bad_input_is_told_before_the_model_is_loaded(
    arguments: tuple[str, ...], piped: bytes, error: type[FimbleError], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = installed(monkeypatch)
    with pytest.raises(error, match=says):
        ran("generate", *arguments, piped=piped)
    assert model.num_loaded == 0


def test_an_instruction_that_is_too_long_is_told_and_the_model_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    model = installed(monkeypatch)
    with pytest.raises(PromptTooLong, match="say it in fewer words"):
        ran("generate", "word " * 4000)
    assert model.num_closed == 1


def test_a_model_that_cannot_follow_instructions_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    model = installed(monkeypatch, template="")
    with pytest.raises(ModelFolderInvalid, match=r"has no chat template. Choose an instruct model"):
        ran("generate", "x")
    assert model.num_closed == 1


def test_without_a_model_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path))
    with pytest.raises(ModelNotInstalled, match="Run `fimble setup"):
        ran("generate", "x", "--provider", "cpu")


def test_ctrl_c_ends_with_130_and_prints_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = installed(monkeypatch, GOOD)

    def pressed() -> None:
        raise KeyboardInterrupt

    model.meanwhile = pressed
    with pytest.raises(SystemExit) as left:
        app.main(["generate", "x"])
    assert (left.value.code, capsys.readouterr().out, model.num_closed) == (130, "", 1)
