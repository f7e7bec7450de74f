"""The prompt family follows from the marks in a vocabulary."""

from __future__ import annotations

import pytest

from fimble.prompt.choosing import family_for, fits
from fimble.prompt.templates import FAMILIES, PAIRS, Part


@pytest.mark.parametrize("name", [name for name in FAMILIES if name not in ("plain", *PAIRS)])
def test_a_vocabulary_with_a_familys_marks_has_that_family(name: str) -> None:
    marks = {part for part in FAMILIES[name].parts if not isinstance(part, Part)}
    chosen = family_for(lambda token: token in marks)
    assert chosen is not None
    assert chosen.name == name
    for mark in marks:
        lacking = family_for(lambda token, mark=mark: token in marks - {mark})  # type: ignore[misc]
        assert lacking is not None
        assert lacking.name == "plain"


def test_an_encoder_decoder_needs_sentinels() -> None:
    chosen = family_for(lambda token: token in ("<extra_id_0>", "</s>"), is_pair=True)
    assert chosen is not None
    assert chosen.name == "t5-sentinels"
    assert family_for(lambda token: token == "</s>", is_pair=True) is None


@pytest.mark.parametrize(
    ("title", "family"), [("codet5-small", "codet5"), ("CodeT5p-220m", "codet5p"), ("mine", "codet5")]
)
def test_codet5_is_told_by_robertas_marks_and_its_successor_by_its_name(title: str, family: str) -> None:
    marks = ("<s>", "</s>", "<pad>", "<extra_id_0>")
    chosen = family_for(lambda token: token in marks, is_pair=True, title=title)
    assert chosen is not None
    assert chosen.name == family


def test_a_decoder_is_never_asked_as_an_encoder_decoder() -> None:
    chosen = family_for(lambda token: token in ("<extra_id_0>", "</s>"))
    assert chosen is not None
    assert chosen.name == "plain"
    assert fits(FAMILIES["plain"], lambda token: False)
