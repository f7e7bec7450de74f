"""What editors say that they can do about code actions."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from fimble.lsp.abilities import Abilities, read_abilities
from tests.e2e.acting import CAN_ALL
from tests.e2e.profiles import read_profile


def test_an_editor_that_says_nothing_can_nothing() -> None:
    assert read_abilities({}) == Abilities()
    assert not any(getattr(Abilities(), field.name) for field in fields(Abilities))


def test_an_editor_that_says_all_can_all() -> None:
    can = read_abilities(CAN_ALL)
    assert all(getattr(can, field.name) for field in fields(Abilities)), can


@pytest.mark.parametrize(
    "capabilities",
    [
        {"textDocument": None, "workspace": 3, "window": []},
        {"textDocument": {"codeAction": {"resolveSupport": ["edit"], "dataSupport": 1, "disabledSupport": "yes"}}},
        {"textDocument": {"codeAction": {"codeActionLiteralSupport": True, "tagSupport": {"valueSet": 1}}}},
        {"workspace": {"applyEdit": 1, "workspaceEdit": {"documentChanges": "no", "resourceOperations": "create"}}},
        {"window": {"showDocument": True}},
    ],
)
def test_values_of_a_wrong_kind_are_passed_over(capabilities: dict[str, Any]) -> None:
    assert read_abilities(capabilities) == Abilities()


def test_without_its_data_nothing_can_be_resolved() -> None:
    action = {"codeActionLiteralSupport": {}, "resolveSupport": {"properties": ["edit"]}}
    assert not read_abilities({"textDocument": {"codeAction": action}}).resolves_edits
    assert read_abilities({"textDocument": {"codeAction": {**action, "dataSupport": True}}}).resolves_edits
    only_command = {**action, "dataSupport": True, "resolveSupport": {"properties": ["command"]}}
    assert not read_abilities({"textDocument": {"codeAction": only_command}}).resolves_edits


def test_snippets_need_versions_and_files_bring_them() -> None:
    edit: dict[str, Any] = {"snippetEditSupport": True}
    assert not read_abilities({"workspace": {"workspaceEdit": edit}}).takes_snippets
    can = read_abilities({"workspace": {"workspaceEdit": {**edit, "resourceOperations": ["rename"]}}})
    assert can.takes_snippets and can.checks_versions and not can.creates_files


@pytest.mark.parametrize(
    ("name", "snippets", "tags"), [("vscode", True, True), ("neovim", False, False), ("emacs", False, False)]
)
def test_real_editors(name: str, snippets: bool, tags: bool) -> None:
    can = read_abilities(read_profile(name)["capabilities"])
    assert can.resolves_edits and can.checks_versions and can.creates_files and can.applies_edits
    assert can.shows_documents
    assert (can.takes_snippets, can.knows_llm_tag) == (snippets, tags)
