"""Where the key comes from."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from fimble.engine.remote.keys import find_key
from fimble.errors import ConfigError


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str]:
    kept = {("fimble", "gpu:8000"): "kept"}
    module = SimpleNamespace(get_password=lambda service, entry: kept.get((service, entry)))
    monkeypatch.setitem(sys.modules, "keyring", module)
    return kept


@pytest.mark.usefixtures("keyring")
def test_the_environment_comes_first_then_the_keyring() -> None:
    assert find_key("given\n", "gpu:8000") == "given"
    assert find_key("", "gpu:8000") == "kept"
    assert find_key("", "other") == ""


def test_without_the_library_there_is_no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert find_key("", "gpu:8000") == ""


def test_a_keyring_that_fails_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(service: str, entry: str) -> str:
        raise RuntimeError("locked")

    monkeypatch.setitem(sys.modules, "keyring", SimpleNamespace(get_password=fail))
    assert find_key("", "gpu:8000") == ""


@pytest.mark.parametrize("key", ["s3cret\r\nX-Evil: 1", "schlüssel", "two words"])
def test_what_cannot_be_a_key_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        find_key(key, "gpu")
    assert key not in str(caught.value)
