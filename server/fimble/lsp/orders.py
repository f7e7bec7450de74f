"""An offer on its way through the editor and back: what comes back may be anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fimble.errors import ActionRefused

if TYPE_CHECKING:
    from fimble.features.actions.action import Offer
    from fimble.lsp.greeting import JsonObject


@dataclass(frozen=True, slots=True)
class Order:
    """An offer that was chosen, and the document it was made for."""

    uri: str
    version: int
    offer: Offer


def to_data(order: Order) -> JsonObject:
    """All that is needed to make ``order`` again."""
    offer = order.offer
    return {
        "uri": order.uri,
        "version": order.version,
        "kind": offer.kind.value,
        "title": offer.title,
        "start": offer.start,
        "end": offer.end,
        "argument": offer.argument,
    }


def from_data(data: object) -> Order:
    """The order in ``data``. Raises ``ActionRefused`` where there is none."""
    from fimble.features.actions.action import Kind, Offer

    try:
        if not isinstance(data, dict):
            raise ValueError("it is no object")
        uri, title, argument = (_text(data, name) for name in ("uri", "title", "argument"))
        version, start, end = (_number(data, name) for name in ("version", "start", "end"))
        if not 0 <= start <= end:
            raise ValueError("start and end are no range")
        return Order(uri, version, Offer(Kind(_text(data, "kind")), title, start, end, argument))
    except ValueError as error:
        raise ActionRefused(
            f"The editor asks for no action of fimble's: {error}.", "Choose one from the list."
        ) from None


def _text(data: JsonObject, name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name} is no text")
    return value


def _number(data: JsonObject, name: str) -> int:
    value = data.get(name)
    if type(value) is not int:
        raise ValueError(f"{name} is no whole number")
    return value
