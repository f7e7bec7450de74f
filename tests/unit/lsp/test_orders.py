"""An offer through the editor and back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fimble.errors import ActionRefused
from fimble.features.actions.action import Kind, Offer
from fimble.lsp.orders import Order, from_data, to_data

ORDER = Order("file:///a.py", 3, Offer(Kind.TRANSLATE, "Translate to Go", 4, 9, "go"))


@pytest.mark.parametrize("kind", Kind)
def test_it_comes_back_as_it_went(kind: Kind) -> None:
    order = Order("untitled:x", 0, Offer(kind, "Do 编 𝄞", 0, 0))
    assert from_data(json.loads(json.dumps(to_data(order)))) == order
    assert from_data(to_data(ORDER) | {"more": 1}) == ORDER


@pytest.mark.parametrize(
    "change",
    [
        {"uri": None},
        {"version": "3"},
        {"version": None},
        {"version": True},
        {"kind": "erase"},
        {"kind": ["fix"]},
        {"title": 1},
        {"start": -1},
        {"start": 4.0},
        {"end": 3},
        {"argument": {}},
    ],
)
def test_anything_else_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ActionRefused, match="Choose one from the list"):
        from_data(to_data(ORDER) | change)


@pytest.mark.parametrize("data", [None, [], "x", 5, {}])
def test_what_is_no_object_is_refused(data: object) -> None:
    with pytest.raises(ActionRefused):
        from_data(data)
