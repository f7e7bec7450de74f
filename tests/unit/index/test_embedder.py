"""The encoder is loaded once, when it is needed, and let go when nobody needs it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from fimble.errors import ModelFolderInvalid
from fimble.index.embedder import Embedder

TIMEOUT_S = 20.0


class Ones:
    """An encoder that counts how many are loaded, and whether two texts meet in it."""

    num_loaded = 0
    num_at_once = 0

    def __init__(self) -> None:
        type(self).num_loaded += 1

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        type(self).num_at_once += 1
        assert self.num_at_once == 1
        time.sleep(0.002)
        type(self).num_at_once -= 1
        return np.ones((len(texts), 2), np.float32)


@pytest.fixture(autouse=True)
def fresh() -> None:
    Ones.num_loaded = Ones.num_at_once = 0


def test_it_is_loaded_once_for_all_threads() -> None:
    embedder = Embedder(Ones)
    assert Ones.num_loaded == 0 and not embedder.is_loaded
    shapes: list[tuple[int, ...]] = []
    threads = [threading.Thread(target=lambda: shapes.append(embedder.embed(["a", "b"]).shape)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT_S)
    assert shapes == [(2, 2)] * 8 and Ones.num_loaded == 1


def test_it_is_let_go_after_a_while_and_loaded_again() -> None:
    embedder = Embedder(Ones, idle_s=0.3)
    until_s = time.monotonic() + 1.0
    while time.monotonic() < until_s:
        embedder.embed(["a"])
    assert Ones.num_loaded == 1, "while it is used it stays"
    deadline_s = time.monotonic() + TIMEOUT_S
    while embedder.is_loaded:
        assert time.monotonic() < deadline_s
        time.sleep(0.01)
    assert embedder.embed(["a"]).shape == (1, 2) and Ones.num_loaded == 2


def test_one_that_cannot_be_loaded_is_tried_again() -> None:
    is_there = False

    def load() -> Ones:
        if not is_there:
            raise ModelFolderInvalid("It is damaged.", "Delete it.")
        return Ones()

    embedder = Embedder(load)
    for _ in range(2):
        with pytest.raises(ModelFolderInvalid):
            embedder.embed(["a"])
    is_there = True
    embedder.load()
    assert embedder.is_loaded
