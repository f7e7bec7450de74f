"""The way to an endpoint."""

from __future__ import annotations

from pathlib import Path

import pytest

from fimble.engine.remote.address import address_of
from fimble.engine.remote.http import Client
from fimble.engine.remote.line import Line
from fimble.errors import ConfigError
from tests.endpoint import Endpoint


def test_no_proxy_stands_before_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with Endpoint() as proxy, Endpoint() as endpoint:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url.removesuffix("/v1"))
        line = Line(address_of(endpoint.url), "", lambda: "")
        line.open()
        assert line.standing.error is None
        line.close()
        assert proxy.asked == []


def test_a_proxy_on_the_way_to_another_one_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with Endpoint() as proxy:
        for name in ("http_proxy", "HTTP_PROXY"):
            monkeypatch.setenv(name, proxy.url.removesuffix("/v1"))
        line = Line(address_of("http://gpu.invalid:8000", allows_plain_http=True), "", lambda: "")
        line.open()
        assert line.standing.error is None
        line.close()
        assert [asked.path for asked in proxy.asked] == [
            "http://gpu.invalid:8000/v1/models",
            "http://gpu.invalid:8000/v1/completions",
        ]


def test_a_proxy_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "gopher://proxy")
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(ConfigError, match="proxy"):
        Client(address_of("https://gpu.invalid"))


def test_names_and_passwords_of_other_programs_are_not_sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password s3cret\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with Endpoint() as endpoint:
        line = Line(address_of(endpoint.url), "", lambda: "")
        line.open()
        line.close()
        assert [asked for asked in endpoint.asked if "authorization" in asked.headers] == []
