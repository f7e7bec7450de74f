"""Addresses that code may be sent to, and those it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from fimble.engine.remote.address import address_of
from fimble.errors import ConfigError


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("https://gpu.example.com:8000/v1", "https://gpu.example.com:8000/v1/completions"),
        ("https://gpu.example.com/v1/", "https://gpu.example.com/v1/completions"),
        ("https://gpu.example.com", "https://gpu.example.com/v1/completions"),
        (" https://gpu.example.com/team/api/v1/completions ", "https://gpu.example.com/team/api/v1/completions"),
        ("https://gpu.example.com/v1/chat/completions", "https://gpu.example.com/v1/completions"),
        ("https://[2001:db8::7]:8000/v1", "https://[2001:db8::7]:8000/v1/completions"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/v1/completions"),
    ],
)
def test_what_is_asked(endpoint: str, url: str) -> None:
    assert address_of(endpoint).url("completions") == url


@pytest.mark.parametrize(
    "endpoint",
    ["", "gpu", "gpu:8000", "ftp://gpu/v1", "https://", "file:///etc/passwd", "https://gpu:port/v1", "https://[::1/v1"],
)
def test_what_is_no_address(endpoint: str) -> None:
    with pytest.raises(ConfigError, match="endpoint"):
        address_of(endpoint)


@pytest.mark.parametrize("endpoint", ["https://me:s3cret@gpu/v1", "https://s3cret@gpu/v1"])
def test_no_key_in_the_address(endpoint: str) -> None:
    with pytest.raises(ConfigError, match="name or a password") as caught:
        address_of(endpoint)
    assert "s3cret" not in str(caught.value)


def test_a_password_that_makes_an_address_unreadable_is_not_told() -> None:
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        address_of("https://me:s3cret/of+mine@gpu/v1")
    assert "s3cret" not in f"{caught.value}{caught.value.__cause__}" and caught.value.__suppress_context__


def test_no_key_behind_the_address() -> None:
    with pytest.raises(ConfigError) as caught:
        address_of("https://gpu/v1?key=s3cret")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:8000", "http://127.8.8.8", "http://localhost:8000/v1", "http://[::1]:8000"]
)
def test_without_encryption_to_this_machine(endpoint: str) -> None:
    address = address_of(endpoint)
    assert address.is_here and not address.is_encrypted


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://gpu/v1",
        "http://10.0.0.7:8000",
        "http://0.0.0.0",
        "http://localhost.example.com",
        "http://127.0.0.1.nip.io",
    ],
)
def test_without_encryption_to_another_one_only_where_that_is_allowed(endpoint: str) -> None:
    with pytest.raises(ConfigError, match="without encryption"):
        address_of(endpoint)
    assert not address_of(endpoint, allows_plain_http=True).is_here


def test_certificates_are_a_file_with_its_whole_path(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("", encoding="utf-8")
    assert address_of("https://gpu", ca_file=str(file)).ca_file == file
    for wrong in ("ca.pem", str(tmp_path), str(tmp_path / "none.pem")):
        with pytest.raises(ConfigError, match="endpoint_ca_file"):
            address_of("https://gpu", ca_file=wrong)


def test_people_are_told_host_and_port() -> None:
    assert address_of("https://gpu.example.com:8000/v1").host == "gpu.example.com:8000"
    assert address_of("https://[::1]/v1").host == "[::1]"
