"""Secrets that stand in a file whose name gives nothing away."""

from __future__ import annotations

import re

_FORMS = {
    "PRIVATE KEY": r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY",
    "PuTTY-User-Key-File-": r"PuTTY-User-Key-File-\d",
    "AGE-SECRET-KEY-": r"AGE-SECRET-KEY-1[0-9A-Z]{20}",
    "KIA": r"\bAKIA[0-9A-Z]{16}\b",
    "SIA": r"\bASIA[0-9A-Z]{16}\b",
    "gh": r"\bgh[oprsu]_[A-Za-z0-9]{36}",
    "github_pat_": r"\bgithub_pat_[A-Za-z0-9_]{22}",
    "glpat-": r"\bglpat-[A-Za-z0-9_-]{20}",
    "xox": r"\bxox[abeoprs]-[A-Za-z0-9-]{10}",
    "hooks.slack.com": r"hooks\.slack\.com/services/T[A-Za-z0-9]+/B",
    "_live_": r"\b[rs]k_live_[A-Za-z0-9]{16}",
    "_test_": r"\b[rs]k_test_[A-Za-z0-9]{16}",
    "sk-": r"\bsk-[A-Za-z0-9_-]*[A-Za-z0-9]{20}",
    "AIza": r"\bAIza[A-Za-z0-9_-]{35}",
    "ya29.": r"\bya29\.[A-Za-z0-9_-]{20}",
    "hf_": r"\bhf_[A-Za-z]{34}\b",
    "npm_": r"\bnpm_[A-Za-z0-9]{36}\b",
    "pypi-": r"\bpypi-AgEI[A-Za-z0-9_-]{16}",
    "SG.": r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}",
    "eyJ": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10}",
}
"""Of each form a part that plain search finds fast, and the whole: key blocks, then the tokens of AWS, GitHub,
GitLab, Slack, Stripe, OpenAI and Anthropic, Google, Hugging Face, npm, PyPI and SendGrid, and JSON web tokens."""
_COMPILED = tuple((part, re.compile(whole)) for part, whole in _FORMS.items())


def looks_secret(text: str) -> bool:
    """Whether ``text`` holds a private key's block or a token whose form gives it away.

    Precise rather than complete: a password in plain words is not found.
    """
    return any(part in text and whole.search(text) is not None for part, whole in _COMPILED)
