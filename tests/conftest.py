"""The real model, for whoever tests with it, and how far property tests look.

They try the same examples at every run; HYPOTHESIS_PROFILE=explore tries new and more ones.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("FIMBLE_DAEMON_IDLE_MINUTES", "0")  # no test leaves a daemon behind

settings.register_profile("fixed", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))


@pytest.fixture(scope="session")
def default_model() -> str:
    """The name of the default model, which is prepared first where it is missing."""
    from fimble.config import DEFAULT_MODEL, home

    if not any((home() / "models" / DEFAULT_MODEL).glob("*/manifest.json")):
        subprocess.run([sys.executable, "-m", "fimble", "setup", DEFAULT_MODEL], check=True)
    return DEFAULT_MODEL
