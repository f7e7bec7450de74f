"""The way to an endpoint."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from fimble.engine.remote.address import address_of
from fimble.engine.remote.http import Client
from fimble.engine.remote.line import Line
from fimble.engine.remote.route import DIRECT, proxy_to
from fimble.engine.remote.wire import retry_after_s
from fimble.errors import ConfigError
from tests.endpoint import Endpoint, answer


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


def test_a_proxy_without_a_scheme_is_one_of_http(monkeypatch: pytest.MonkeyPatch) -> None:
    with Endpoint() as proxy:
        line = Line(
            address_of("http://gpu.invalid", allows_plain_http=True, proxy=f"127.0.0.1:{proxy.port}"), "", lambda: ""
        )
        line.open()
        assert line.standing.error is None
        line.close()
        assert proxy.asked


@pytest.mark.parametrize("endpoint", ["http://gpu.invalid/v1", "https://gpu.invalid/v1"])
def test_a_proxy_that_refuses_is_told_as_one(endpoint: str) -> None:
    refusing = answer(407, b"<html>", "Proxy-Authenticate: Basic")
    with Endpoint(refusing, refusing) as proxy:
        named = f"http://me:s3cret@127.0.0.1:{proxy.port}/"
        line = Line(address_of(endpoint, allows_plain_http=True, proxy=named), "", lambda: "k3y")
        line.open()
        told = str(line.standing.error)
        line.close()
    assert told.startswith(f"gpu.invalid cannot be reached through the proxy 127.0.0.1:{proxy.port} (407 ")
    assert "HTTPS_PROXY" in told and "key" not in told and "s3cret" not in told


def test_a_proxy_that_is_not_there_is_named() -> None:
    with Endpoint() as proxy:
        proxy.stop()
        line = Line(address_of("https://gpu.invalid", proxy=f"http://127.0.0.1:{proxy.port}"), "", lambda: "")
        line.open()
        told = str(line.standing.error)
        line.close()
    assert told.startswith(f"gpu.invalid cannot be reached through the proxy 127.0.0.1:{proxy.port} (")


def test_the_person_says_that_there_is_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("https_proxy", "http://proxy.invalid")
    assert proxy_to(address_of("https://gpu.invalid")) == "http://proxy.invalid"
    assert proxy_to(address_of("https://gpu.invalid", proxy="direct")) == DIRECT
    monkeypatch.setenv("no_proxy", ".invalid")
    assert proxy_to(address_of("https://gpu.invalid")) == DIRECT
    assert proxy_to(address_of("https://gpu.invalid", proxy="other:3128")) == "http://other:3128"
    assert proxy_to(address_of("https://127.0.0.1", proxy="other:3128")) == DIRECT


def test_a_proxy_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "gopher://proxy")
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(ConfigError, match="gopher"):
        Client(address_of("https://gpu.invalid"))
    with pytest.raises(ConfigError, match="proxy") as caught:
        Client(address_of("https://gpu.invalid", proxy="http://me:s3cret/of+mine@proxy"))
    assert "s3cret" not in str(caught.value) and caught.value.__suppress_context__


def test_names_and_passwords_of_other_programs_are_not_sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password s3cret\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with Endpoint() as endpoint:
        line = Line(address_of(endpoint.url), "", lambda: "")
        line.open()
        line.close()
        assert [asked for asked in endpoint.asked if "authorization" in asked.headers] == []


def test_dates_are_those_of_greenwich_wherever_this_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1_700_000_000.0)  # Tue, 14 Nov 2023 22:13:20 GMT
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        for zone in ("GMT", "-0000", "+0000", ""):
            assert retry_after_s(f"Tue, 14 Nov 2023 22:14:00 {zone}".strip()) == 40
        assert retry_after_s("Tue, 14 Nov 2023 22:00:00 GMT") == 0
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("value", ["", "soon", "-3", "1.5", "²", "٣", "Tue, 14 Nov 99999 22:14:00 GMT"])
def test_a_time_that_is_none(value: str) -> None:
    assert retry_after_s(value) is None
    assert retry_after_s("7") == 7.0
