"""Emacs with the real model: what its scripts told, each of which runs once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.editors.conftest import installed
from tests.editors.emacs.emacs import run_script
from tests.editors.programs import emacs as programs


@pytest.fixture(scope="session")
def emacs() -> programs.Emacs:
    return installed(programs.emacs)


@pytest.fixture(scope="session")
def lsp_mode(
    emacs: programs.Emacs, fimble_command: list[str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    return run_script(emacs, "lsp_mode.el", tmp_path_factory.mktemp("lsp-mode"), fimble_command)


@pytest.fixture(scope="session")
def eglot(emacs: programs.Emacs, fimble_command: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return run_script(emacs, "eglot_mode.el", tmp_path_factory.mktemp("eglot"), fimble_command)
