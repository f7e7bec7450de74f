from __future__ import annotations

import tempfile
from collections.abc import Iterator

import pytest

from fimble.cli import daemon_state, through
from fimble.daemon.hello import SERVING, STATUS, Reply


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with tempfile.TemporaryDirectory(prefix="fh") as folder:
        monkeypatch.setenv("FIMBLE_HOME", folder)
        yield


def test_the_proxy_to_an_endpoint_is_this_windows_and_not_that_of_who_started_the_daemon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("https_proxy", "http://proxy.invalid:3128")
    assert "FIMBLE_ENDPOINT_PROXY" not in through.hello().environ
    monkeypatch.setenv("FIMBLE_ENDPOINT", "https://gpu.invalid/v1")
    assert through.hello().environ["FIMBLE_ENDPOINT_PROXY"] == "http://proxy.invalid:3128"
    monkeypatch.delenv("https_proxy")
    assert through.hello().environ["FIMBLE_ENDPOINT_PROXY"] == "direct"
    monkeypatch.setenv("FIMBLE_ENDPOINT_PROXY", "mine:3128")
    assert through.hello().environ["FIMBLE_ENDPOINT_PROXY"] == "mine:3128"
    monkeypatch.delenv("FIMBLE_ENDPOINT_PROXY")
    monkeypatch.setenv("FIMBLE_ENDPOINT", "no address")
    assert "FIMBLE_ENDPOINT_PROXY" not in through.hello().environ


@pytest.mark.parametrize(
    ("arguments", "level"),
    [
        ([], "warning"),
        (["--stdio"], "warning"),
        (["--stdio", "--log-level", "info"], "info"),
        (["--log-level=debug"], "debug"),
        (["--log-level", "loud"], None),
        (["--log-level"], None),
        (["--in-process"], None),
        (["--tcp", "0"], None),
        (["--help"], None),
    ],
)
def test_which_arguments_go_the_short_way(
    arguments: list[str], level: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIMBLE_DAEMON", "on")
    assert through.plain_level(arguments) == level
    monkeypatch.setenv("FIMBLE_DAEMON", "off")
    assert through.plain_level(arguments) is None
    assert through.plain_level([*arguments, "--daemon"]) == level


def test_where_none_runs() -> None:
    assert daemon_state.ask(STATUS) is None


def test_what_a_person_reads() -> None:
    models = [{"model": "m", "provider": "cpu", "sessions": 2, "loaded": False}]
    facts = {"windows": 2, "uptime_s": 125, "memory_mb": 700, "models": models, "kv_mb": 3.5, "kv_cap_mb": 256}
    assert daemon_state.lines(Reply("1.0", 7, SERVING, facts={**facts, "index_pid": 8, "log": "/l"})) == [
        "fimble 1.0, process 7, for 2 min 5 s",
        "windows   2",
        "memory    700 MB",
        "model     m on CPU for 2 of them, its weights not in memory",
        "read      3.5 of 256 MB for what windows have read",
        "index     process 8",
        "log       /l",
    ]


def test_a_daemon_of_another_version_may_tell_less() -> None:
    assert len(daemon_state.lines(Reply("9.0", 7, SERVING))) == 4
