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
        (["refactor.extract", "fimble"], {"explain"}),
        (["source.fixAll"], set()),
        (["source.organizeImports"], set()),
        (["source"], {"tests"}),
        (["Quickfix"], set()),
    ],
)
def test_a_kind_stands_for_all_below_it(only: list[str] | None, names: set[str]) -> None:
    assert wanted(only, is_automatic=False) == names


def test_nothing_is_written_on_saving() -> None:
    assert wanted(["source"], is_automatic=True) == set()
    assert wanted(["source.fimble.tests"], is_automatic=True) == set()
    assert wanted(["", "source"], is_automatic=True) == set(KINDS) - {"tests"}
    assert wanted(None, is_automatic=True) == set(KINDS)


def test_no_kind_of_ours_is_one_that_formats_or_fixes_all() -> None:
    for kind in KINDS.values():
        assert not covers("source.fixAll", kind) and not covers("source.organizeImports", kind)
        assert not covers(kind, "source.fixAll")
