"""Insecure patterns in Python, by bandit. Warnings, no verdicts: code is shown with them, never without."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

from fimble.checks.finding import Finding, Kind

_LOG = logging.getLogger(__name__)
_SEVERITY = "MEDIUM"
"""Of what is reported, at least; below are such things as ``assert`` and ``random``."""


def check_security(text: str) -> tuple[Finding, ...]:
    """What bandit warns of in ``text``, which need not compile: then there is nothing."""
    for noisy in ("bandit", "stevedore"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    from bandit.core import config, manager

    with tempfile.TemporaryDirectory(prefix="fimble-check-") as folder:
        file = Path(folder) / "text.py"
        file.write_text(text, encoding="utf-8", errors="replace")
        try:
            scan = manager.BanditManager(config.BanditConfig(), "file", quiet=True)
            scan.discover_files([str(file)])
            scan.run_tests()
            issues = scan.get_issue_list(sev_level=_SEVERITY, conf_level="MEDIUM")
        except Exception as error:  # noqa: BLE001 (a scanner that trips over a text knows nothing of it)
            _LOG.warning("bandit could not read a text: %s", error)
            return ()
    return tuple(Finding(Kind.SECURITY, issue.lineno, issue.text) for issue in issues)
