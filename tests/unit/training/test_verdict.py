"""What was learned is kept only where it helps beyond noise and harms nothing."""

from __future__ import annotations

import math
import random

import pytest

from fimble.training.evaluate import Scored
from fimble.training.verdict import Limits, Verdict, compare, decide
from tests.unit.training.judged import losses

_RANDOM = random.Random(3)
BASE = [1.0 + _RANDOM.random() for _ in range(60)]
NOISE = [_RANDOM.gauss(0, 0.2) for _ in range(60)]
MANY_FILES = [f"{number % 12}.py" for number in range(60)]
FEW_FILES = [f"{number % 3}.py" for number in range(60)]


def shifted(by: float, exact: int = 20) -> list[Scored]:
    return losses([loss + noise + by for loss, noise in zip(BASE, NOISE, strict=True)], exact)


def verdict(own: list[Scored], general: list[Scored], paths: list[str] = MANY_FILES, **limits: float) -> Verdict:
    before = losses(BASE, 20)
    return decide((before, own, paths), (before, general, MANY_FILES), Limits(**limits))


@pytest.mark.parametrize("paths", [MANY_FILES, FEW_FILES])
def test_a_clear_gain_that_harms_nothing_is_kept(paths: list[str]) -> None:
    found = verdict(shifted(-0.3), shifted(-0.05), paths)
    assert found.is_kept and found.repository.loss_p < 0.01
    assert "fell from" in found.reasons[0] and "60 held-out holes" in found.reasons[0]


def test_noise_is_no_gain() -> None:
    mean = sum(NOISE) / len(NOISE)
    found = verdict(shifted(-mean - 0.005), shifted(-mean))
    assert not found.is_kept
    assert len(found.reasons) == 1 and "no gain beyond noise" in found.reasons[0]
    assert found.repository.loss.low < 0 < found.repository.loss.high


def test_nothing_changed_is_no_gain() -> None:
    before = losses(BASE, 20)
    found = verdict(before, before)
    assert not found.is_kept and found.repository.loss_p == 1.0 and found.repository.exact_p == 1.0


def test_general_code_may_suffer_a_little_and_no_more() -> None:
    own = shifted(-0.3)
    slightly = losses([loss * 1.019 for loss in BASE], 20)
    badly = losses([loss * 1.021 for loss in BASE], 20)
    assert verdict(own, slightly).is_kept
    found = verdict(own, badly)
    assert not found.is_kept and "rose by 2.1%" in found.reasons[0]
    assert verdict(own, badly, general_rise=0.03).is_kept


def test_fewer_exact_fills_beyond_noise_are_no_gain() -> None:
    assert verdict(shifted(-0.3, exact=18), shifted(-0.1)).is_kept  # 2 of 60 are noise
    for found in (verdict(shifted(-0.3, exact=5), shifted(-0.1)), verdict(shifted(-0.3), shifted(-0.1, exact=5))):
        assert not found.is_kept and "15 were right only before and 0 only after" in found.reasons[0]


def test_every_fault_is_named() -> None:
    assert len(verdict(shifted(0.1, exact=5), shifted(0.3, exact=5)).reasons) == 4


def test_losses_that_are_no_numbers_are_never_kept() -> None:
    own = [*shifted(-0.3)[:-1], *losses([math.nan])]
    found = verdict(own, shifted(-0.1))
    assert not found.is_kept and "not a number" in found.reasons[0]
    found = verdict(shifted(-0.3), [*shifted(-0.1)[:-1], *losses([math.inf])])
    assert not found.is_kept


def test_holes_of_one_file_are_not_taken_for_many_witnesses() -> None:
    """One file of ten gained a lot, and that file has half of all holes."""
    paths = ["big.py"] * 30 + [f"{number}.py" for number in range(9)]
    before = losses([2.0] * 39)
    after = losses([1.5] * 30 + [2.02] * 9)
    assert compare(before, after, paths).loss_p > 0.05
    assert compare(before, after, ["a.py"] * 39).loss_p < 0.001  # nothing is known of files here


def test_the_permutation_test_is_exact_for_few() -> None:
    found = compare(losses([1.0] * 5), losses([0.9, 0.8, 0.7, 0.6, 0.5]), ["a.py"] * 5)
    assert found.unit == "hole" and found.loss_p == 1 / 32


def test_the_test_accepts_chance_as_seldom_as_it_says() -> None:
    random_ = random.Random(5)
    num_accepted = 0
    for _ in range(200):
        after = losses([1 + random_.gauss(0, 1) for _ in range(12)])
        num_accepted += compare(losses([1.0] * 12), after, ["a.py"] * 12).loss_p < 0.05
    assert 2 <= num_accepted <= 20


def test_the_interval_holds_the_difference() -> None:
    found = compare(losses(BASE, 20), shifted(-0.3, 30), MANY_FILES)
    assert found.exact.before == pytest.approx(20 / 60) and found.exact.after == pytest.approx(0.5)
    assert found.num_gained == 10 and found.num_lost == 0
    for change in (found.exact, found.loss, found.similarity):
        assert change.low <= change.difference <= change.high


def test_only_the_same_holes_are_compared() -> None:
    for before, after, paths in (([], [], []), (losses([1]), [], ["a"]), (losses([1]), losses([1]), [])):
        with pytest.raises(ValueError, match="same holes"):
            compare(before, after, paths)
