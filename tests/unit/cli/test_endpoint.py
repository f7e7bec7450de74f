"""What commands say of an endpoint."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fimble.cli import app, diagnosis, wiring_remote
from fimble.cli.endpoint import inspect_endpoint
from fimble.config import Config
from fimble.errors import EngineError
from tests.endpoint import Endpoint, answer, silent, stream


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> object:
    """One that the environment names, on a machine without a model."""
    with Endpoint(stream("pass")) as endpoint:
        monkeypatch.setenv("FIMBLE_HOME", str(tmp_path))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        monkeypatch.setenv("FIMBLE_ENDPOINT", endpoint.url)
        monkeypatch.setenv("FIMBLE_ENDPOINT_KEY", "s3cret")
        yield endpoint


def test_where_there_is_none_nothing_is_asked() -> None:
    assert inspect_endpoint(Config()) is None


def test_doctor_says_where_code_goes(endpoint: Endpoint, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        app.main(["doctor", "--json"])
    told = capsys.readouterr().out
    found = json.loads(told)
    assert ended.value.code == 0, found["problems"]
    assert found["endpoint"] == {
        "host": f"127.0.0.1:{endpoint.port}",
        "model": "qwen2.5-coder-7b",
        "family": "qwen2.5-coder",
        "is_encrypted": False,
        "has_key": True,
        "problem": "",
    }
    assert "s3cret" not in told
    assert endpoint.answers == []


def test_doctor_says_why_it_does_not_answer(endpoint: Endpoint) -> None:
    endpoint.trial = answer(401)
    (told,) = diagnosis.diagnose().problems
    assert "refuses the key" in told
    facts = inspect_endpoint(Config(endpoint="http://gpu.example.com/v1"))
    assert facts is not None and "without encryption" in facts.problem


def test_complete_asks_the_endpoint(endpoint: Endpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "main.py"
    file.write_text("x = \n", encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        app.main(["complete", f"{file}:1:5", "--json"])
    assert ended.value.code in (0, None)
    assert json.loads(capsys.readouterr().out)["text"] == "pass"


def test_generate_asks_the_endpoint(endpoint: Endpoint, capsys: pytest.CaptureFixture[str]) -> None:
    endpoint.script = stream("def one():\n", "    return 1\n", "```")
    with pytest.raises(SystemExit) as ended:
        app.main(["generate", "a function that returns 1"])
    assert ended.value.code in (0, None)
    assert capsys.readouterr().out == "def one():\n    return 1\n"
    assert endpoint.answers[0].body["prompt"].endswith("<|im_start|>assistant\n```python\n")


def test_a_question_waits_for_its_english_no_longer_than_anybody_waits(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = wiring_remote.remote_engine(Config(endpoint=endpoint.url, endpoint_timeout_s=600))
    english = wiring_remote.english_on(engine)
    endpoint.script = stream("where are uploads retried")
    assert english("\u5728\u54ea\u91cc") == "where are uploads retried"
    endpoint.script = silent()
    monkeypatch.setattr(wiring_remote, "ENGLISH_S", 0.2)
    with pytest.raises(EngineError, match="did not put the question into English"):
        english("\u5728\u54ea\u91cc")
    engine.close()
