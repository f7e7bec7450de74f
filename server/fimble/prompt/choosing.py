"""Which prompt family a model was trained for, told from the marks that its vocabulary holds."""

from __future__ import annotations

from collections.abc import Callable

from fimble.prompt.templates import FAMILIES, Family, Part

PLAIN = "plain"
SENTINELS = "t5-sentinels"


def family_for(has_token: Callable[[str], bool], is_pair: bool = False) -> Family | None:
    """The family all of whose marks are tokens; ``plain`` for a decoder with none.

    ``is_pair``: an encoder-decoder, which fills holes with sentinels or not at all: ``None`` where it has none.
    """
    if is_pair:
        return FAMILIES[SENTINELS] if fits(FAMILIES[SENTINELS], has_token) else None
    for family in FAMILIES.values():
        if family.name not in (PLAIN, SENTINELS) and fits(family, has_token):
            return family
    return FAMILIES[PLAIN]


def fits(family: Family, has_token: Callable[[str], bool]) -> bool:
    """Whether the vocabulary has every mark that the family's prompts are made of."""
    return all(isinstance(part, Part) or has_token(part) for part in family.parts)
