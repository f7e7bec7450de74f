from __future__ import annotations

import pytest
from lsprotocol import types

from fimble.errors import PositionOutside
from fimble.lsp.convert import items_of
from fimble.lsp.documents import Document
from fimble.lsp.inline import Question, ask
from fimble.text import Outcome, Suggestion

DOCUMENT = Document("file:///a.py", "python", 3, "😀 = 1\nimport nu\nrest\n")


def span(line: int, start: int, end: int) -> types.Range:
    return types.Range(types.Position(line, start), types.Position(line, end))


def question(
    line: int, character: int, selected: tuple[types.Range, str] | None = None, invoked: bool = False
) -> Question:
    kind = types.InlineCompletionTriggerKind
    context = types.InlineCompletionContext(
        trigger_kind=kind.Invoked if invoked else kind.Automatic,
        selected_completion_info=types.SelectedCompletionInfo(*selected) if selected else None,
    )
    params = types.InlineCompletionParams(
        context, types.TextDocumentIdentifier(DOCUMENT.uri), types.Position(line, character)
    )
    return ask(DOCUMENT, params, "utf-16")


def test_an_item_is_inserted_at_the_cursor() -> None:
    asked = question(1, 9)
    assert asked.cursor.line_prefix == "import nu"
    assert asked.span == span(1, 9, 9)
    assert asked.num_candidates == 1
    (item,) = items_of(Outcome((Suggestion("mpy", -0.1),)), asked.span, asked.typed).items
    assert (item.insert_text, item.range, item.command) == ("mpy", span(1, 9, 9), None)


def test_a_position_past_the_line_or_inside_a_character_is_clamped() -> None:
    assert question(1, 99).span == span(1, 9, 9)
    assert question(0, 1).span == span(0, 0, 0)
    assert question(0, 2).cursor.offset == 1


def test_a_position_past_the_document_is_refused() -> None:
    with pytest.raises(PositionOutside):
        question(4, 0)


def test_an_explicit_request_gets_several_candidates() -> None:
    assert question(1, 9, invoked=True).num_candidates == 3


def test_with_a_selected_entry_the_item_extends_its_text_and_takes_its_range() -> None:
    asked = question(1, 9, (span(1, 7, 9), "numpy"))
    assert asked.cursor.snapshot.text == "😀 = 1\nimport numpy\nrest\n"
    assert asked.cursor.line_prefix == "import numpy"
    assert asked.cursor.line_suffix == ""
    (item,) = items_of(Outcome((Suggestion(" as np", -0.1),)), asked.span, asked.typed).items
    assert (item.insert_text, item.range) == ("numpy as np", span(1, 7, 9))


@pytest.mark.parametrize("elsewhere", [span(2, 0, 2), span(1, 0, 3)])
def test_a_selection_elsewhere_is_ignored(elsewhere: types.Range) -> None:
    asked = question(1, 9, (elsewhere, "numpy"))
    assert (asked.span, asked.typed) == (span(1, 9, 9), "")


def test_nothing_is_an_empty_list() -> None:
    assert items_of(Outcome(), span(0, 0, 0), "").items == []
