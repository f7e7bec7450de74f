from __future__ import annotations

import random
import sys

import pytest

from fimble.errors import TrainingUnavailable
from fimble.training.near import Windows, distinct, groups, words


def text(seed: int, num_words: int = 300) -> str:
    draw = random.Random(seed)
    return " ".join(f"w{draw.randrange(5000)}" for _ in range(num_words))


def test_files_that_are_nearly_the_same_are_one_group() -> None:
    one, other = text(1), text(2)
    changed = one.replace(one.split()[150], "changed")
    further = changed.replace(changed.split()[20], "again")
    assert groups([one, other, changed, further, "", ""]) == [0, 1, 0, 0, 4, 5]


def test_of_texts_that_are_alike_the_first_stays() -> None:
    one = text(1, 60)
    assert distinct([text(2, 60), one, one + " more", text(3, 60)]) == [0, 1, 3]


def test_without_datasketch_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasketch", None)
    with pytest.raises(TrainingUnavailable, match=r"the extra `train`"):
        groups(["a b c"])


def test_windows_find_what_stands_in_a_text_and_nothing_else() -> None:
    known = text(1)
    windows = Windows([known, text(2)])
    piece = " ".join(known.split()[100:120])
    assert windows.holds(piece)
    assert windows.holds(piece.replace(" ", "\n   "))
    assert windows.holds(piece[1:-1]), "its ends may be parts of words"
    assert not windows.holds(piece.replace(known.split()[110], "other"))
    assert not windows.holds(" ".join(known.split()[100:108])), "too short to say"
    assert windows.longest("x " * 30 + piece + " y" * 30) == 20
    assert windows.longest("x " * 30) == 0
    assert not Windows([]).holds(piece)


def test_chinese_is_cut_into_characters() -> None:
    assert words("把total相加, ok") == ["把", "total", "相", "加", ",", "ok"]
