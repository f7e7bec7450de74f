"""Servers for the end-to-end tests: one with a scripted feature for the protocol, one with the real model."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.editor import Editor

REAL = "default_model"
"""The fixture that a test of the real model asks for, directly or through another one."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "real_model: asks the installed default model")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if REAL in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.real_model)


@pytest.fixture(scope="module")
def shared_server() -> Iterator[Editor]:
    """A server that the tests of a module share; each test uses documents of its own."""
    with Editor("--log-level", "info") as editor:
        yield editor.start()


@pytest.fixture
def editor(shared_server: Editor) -> Iterator[Editor]:
    """The shared server, which must survive the test."""
    yield shared_server
    assert shared_server.process.poll() is None, shared_server.stderr
    assert "Traceback" not in shared_server.stderr
