"""Which actions an editor asks for."""

from __future__ import annotations

import pytest

from fimble.features.actions.action import Kind
from fimble.lsp.kinds import EDITING, KINDS, covers, wanted


def test_every_action_has_a_kind() -> None:
    assert set(KINDS) == {kind.value for kind in Kind}
    assert len(set(KINDS.values())) == len(KINDS)
    assert set(KINDS) > EDITING


@pytest.mark.parametrize(
    ("only", "names"),
    [
        (None, set(KINDS)),
        ([], set(KINDS)),
        ([""], set(KINDS)),
        (["quickfix"], {"fix"}),
        (["refactor"], {"implement", "document", "translate"}),
        (["refactor.rewrite.fimble.translate"], {"translate"}),
        (["refactor.rewrite.fimble.trans"], set()),
        (["refactor.extract", "fimble"], {"explain", "tests"}),
        (["source.fixAll"], set()),
        (["source.organizeImports"], set()),
        (["source"], set()),
        (["Quickfix"], set()),
    ],
)
def test_a_kind_stands_for_all_below_it(only: list[str] | None, names: set[str]) -> None:
    assert wanted(only) == names


def test_no_kind_of_ours_is_run_on_saving() -> None:
    for kind in KINDS.values():
        assert not covers("source", kind)
        assert not covers(kind, "source.fixAll")
