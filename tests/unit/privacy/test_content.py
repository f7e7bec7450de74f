"""Secrets known by their form."""

from __future__ import annotations

import pytest

from fimble.privacy import looks_secret


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN " + "PRIVATE KEY-----\nMIIE",
        "x = 1\n-----BEGIN RSA " + "PRIVATE KEY-----",
        "-----BEGIN OPENSSH " + "PRIVATE KEY-----",
        "-----BEGIN PGP " + "PRIVATE KEY BLOCK-----",
        "aws = 'AKIA" + "IOSFODNN7EXAMPLE'",
        "token: ghp_" + "a1B2" * 9,
        "github_pat_" + "11ABCDEFG0" * 3,
        "glpat-" + "abcdefghij0123456789",
        "xoxb-" + "123456789012-abcdef",
        "stripe.key = 'sk_live_" + "4eC39HqLyjWDarjtT1zd'",
        "OPENAI=sk-proj-" + "abcdefghij0123456789ABCD",
        "AIza" + "SyA1234567890abcdefghijklmnopqrstuvw",
        "hf_" + "abcdefghijklmnopqrstuvwxyzABCDEFGH",
        "Bearer eyJ" + "hbGciOiJIUzI1NiJ9.eyJ" + "zdWIiOiIxMjM0NTY3ODkwIn0.abcdefghijkl",
    ],
)
def test_secret(text: str) -> None:
    assert looks_secret(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "key = load_private_key(path)  # PRIVATE KEY",
        "-----BEGIN CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----",
        "right = tough_ghp_value",
        "class task-list sk-circle-fade-dot",
        "AKIA is how a key of AWS begins",
        "password = os.environ['PASSWORD']",
        "eyJ is base64 of an opening brace",
        "SG.name = 'Singapore'",
    ],
)
def test_no_secret(text: str) -> None:
    assert not looks_secret(text)
