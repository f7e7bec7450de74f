from __future__ import annotations

import json

import pytest

from fimble.daemon.hello import SERVING, Hello, Reply, is_newer, options_in, read_hello, read_reply, to_line


def test_what_is_said_is_heard() -> None:
    hello = Hello("1.2.3", environ={"FIMBLE_MODEL": "é\n"}, config_file="/c", log_level="info")
    assert to_line(hello).count(b"\n") == 1
    assert read_hello(to_line(hello)) == hello
    reply = Reply("1.2.3", 7, SERVING, facts={"windows": 2})
    assert read_reply(to_line(reply)) == reply


def test_fields_that_a_later_version_adds_are_passed_over() -> None:
    said = json.loads(to_line(Hello("1"))) | {"colour": "blue"}
    assert read_hello(json.dumps(said).encode()) == Hello("1")


@pytest.mark.parametrize("line", [b"", b"{}", b"[]", b"GET / HTTP/1.1", b'{"version": 1}', b"\xff", b"[" * 100_000])
def test_whoever_says_something_else_is_not_understood(line: bytes) -> None:
    with pytest.raises(ValueError):
        read_hello(line)
    with pytest.raises(ValueError):
        read_reply(line)


@pytest.mark.parametrize(
    ("version", "than", "newer"),
    [
        ("0.2.0", "0.1.9", True),
        ("0.10.0", "0.9.0", True),
        ("0.1.0", "0.1.0", False),
        ("0.1.0", "0.2.0", False),
        ("1.0", "0.9.9", True),
        ("nightly", "0.1.0", False),
        ("1.0.5", "1.0+1700000000", True),
        ("1.0+1700000001", "1.0+1700000000", True),
    ],
)
def test_which_version_is_newer(version: str, than: str, newer: bool) -> None:
    assert is_newer(version, than) is newer


def test_only_our_options_are_told() -> None:
    assert options_in({"FIMBLE_MODEL": "m", "SECRET": "s", "PATH": "/"}) == {"FIMBLE_MODEL": "m"}
