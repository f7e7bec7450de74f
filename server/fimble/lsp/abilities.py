"""What an editor can do about code actions, read from its ``initialize`` without lsprotocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_LLM_GENERATED = 1


@dataclass(frozen=True, slots=True)
class Abilities:
    """Each is false where the editor does not say so."""

    shows_literals: bool = False
    """Takes whole entries; else a list of commands."""
    resolves_edits: bool = False
    """Asks for an entry's edit when it is chosen, and gives back what the entry carried."""
    shows_disabled: bool = False
    knows_llm_tag: bool = False
    checks_versions: bool = False
    """Reads ``documentChanges``. Whoever can create files must, as nothing else can hold that."""
    creates_files: bool = False
    takes_snippets: bool = False
    applies_edits: bool = False
    """When the server asks for it."""
    shows_documents: bool = False


def read_abilities(capabilities: dict[str, Any]) -> Abilities:
    """Read an editor's ``capabilities``; values of a wrong kind are passed over."""
    action = _object(_object(capabilities, "textDocument"), "codeAction")
    workspace = _object(capabilities, "workspace")
    edit = _object(workspace, "workspaceEdit")
    shows_literals = isinstance(action.get("codeActionLiteralSupport"), dict)
    resolves = "edit" in _list(_object(action, "resolveSupport"), "properties")
    operations = _list(edit, "resourceOperations")
    checks_versions = edit.get("documentChanges") is True or bool(operations)
    return Abilities(
        shows_literals=shows_literals,
        resolves_edits=shows_literals and resolves and action.get("dataSupport") is True,
        shows_disabled=shows_literals and action.get("disabledSupport") is True,
        knows_llm_tag=_LLM_GENERATED in _list(_object(action, "tagSupport"), "valueSet"),
        checks_versions=checks_versions,
        creates_files="create" in operations,
        takes_snippets=checks_versions and edit.get("snippetEditSupport") is True,
        applies_edits=workspace.get("applyEdit") is True,
        shows_documents=_object(_object(capabilities, "window"), "showDocument").get("support") is True,
    )


def _object(parent: dict[str, Any], name: str) -> dict[str, Any]:
    value = parent.get(name)
    return value if isinstance(value, dict) else {}


def _list(parent: dict[str, Any], name: str) -> list[Any]:
    value = parent.get(name)
    return value if isinstance(value, list) else []
