"""Which prompt family a model was trained for, told from the marks that its vocabulary holds."""

from __future__ import annotations

from collections.abc import Callable

from fimble.prompt.templates import FAMILIES, PAIRS, Family, Part

PLAIN = "plain"
SENTINELS = "t5-sentinels"
_CODET5, _CODET5_PLUS = "codet5", "codet5p"


def family_for(has_token: Callable[[str], bool], is_pair: bool = False, title: str = "") -> Family | None:
    """The family all of whose marks are tokens; ``plain`` for a decoder with none.

    ``is_pair``: an encoder-decoder, which fills holes with sentinels or not at all: ``None`` where it has none.
    ``title``: what its makers call it, which alone tells CodeT5+ from CodeT5.
    """
    if is_pair:
        if not fits(FAMILIES[SENTINELS], has_token):
            return None
        if not fits(FAMILIES[_CODET5], has_token):
            return FAMILIES[SENTINELS]
        return FAMILIES[_CODET5_PLUS if _CODET5_PLUS in title.lower() else _CODET5]
    for family in FAMILIES.values():
        if family.name not in (PLAIN, *PAIRS) and fits(family, has_token):
            return family
    return FAMILIES[PLAIN]


def fits(family: Family, has_token: Callable[[str], bool]) -> bool:
    """Whether the vocabulary has every mark that the family's prompts are made of."""
    return all(isinstance(part, Part) or has_token(part) for part in family.parts)
