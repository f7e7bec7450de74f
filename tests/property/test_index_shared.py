"""Sessions that share what is open of an index are answered as if each had opened it alone, whoever comes and goes."""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fimble.index import view
from fimble.index.indexer import Encoding, Indexer
from fimble.index.names import Names
from fimble.index.reader import Reader
from fimble.index.searcher import Searcher
from fimble.index.shared import NAMES, READERS, VIEWS
from fimble.index.store import Store
from fimble.index.view import Views
from fimble.privacy import Privacy
from tests.unit.index.contents import cut, split

PATHS = ("one.py", "two.py", "a/three.py")
TEXTS = ("def send():\n    get()\n", "def get():\n    pass\ndef sent():\n    send()\n", "class Client:\n    pass\n", "")
QUERIES = ("send", "get a client", "def", "nothing here")


@dataclass(frozen=True)
class Event:
    """A file is written where there is a ``text``; otherwise a session comes, leaves or asks."""

    kind: str
    number: int = 0
    text: str = ""


EVENTS = st.one_of(
    st.builds(Event, st.just("write"), st.integers(0, len(PATHS) - 1), st.sampled_from(TEXTS)),
    st.builds(Event, st.just("come")),
    st.builds(Event, st.just("leave"), st.integers(0, 3)),
    st.builds(Event, st.just("ask"), st.integers(0, 3), st.sampled_from(QUERIES)),
    st.builds(Event, st.just("rebuild")),
)


def embed(texts: Sequence[str]) -> npt.NDArray[np.float16]:
    found = np.array([[len(text) % 7 + 1, text.count("s"), text.count("g")] for text in texts], np.float64)
    unit: npt.NDArray[np.float16] = (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float16)
    return unit


def vector(query: str) -> npt.NDArray[np.float32]:
    found: npt.NDArray[np.float32] = embed([query])[0].astype(np.float32)
    return found


class Session:
    def __init__(self, reader: Reader, views: Views, names: Names) -> None:
        self.searcher, self.names, self.reader = Searcher(reader, views, vector), names, reader

    def ask(self, query: str) -> object:
        return self.searcher.search(query, 5), self.names.like(query, 5), self.reader.paths()


@settings(max_examples=25)
@given(st.lists(EVENTS, max_size=15))
def test_shared_answers_are_those_of_one_alone(events: list[Event]) -> None:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        # the machine may be busy: what was written is waited for
        patch.setattr(view, "_PATIENCE_S", 60.0)
        patch.setattr("fimble.index.names._MAX_SHARE", 1e9)
        root, folder = Path(name).resolve() / "work", Path(name) / "index"
        root.mkdir()
        store = Store.open(folder, split=split)
        sessions: list[Session] = []
        for event in events:
            if event.kind == "write":
                file = root / PATHS[event.number]
                file.parent.mkdir(exist_ok=True)
                file.write_text(event.text)
                Indexer(root, store, Privacy([], [root]), cut, Encoding(embed, "one")).scan()
            elif event.kind == "rebuild":
                store.close()
                for part in folder.iterdir():
                    part.unlink()
                store = Store.open(folder, split=split)
                Indexer(root, store, Privacy([], [root]), cut, Encoding(embed, "one")).scan()
            elif event.kind == "come":
                sessions.append(Session(READERS.get(folder), VIEWS.get(folder), NAMES.get(folder)))
            elif sessions and event.kind == "leave":
                sessions.pop(event.number % len(sessions))
            elif sessions:
                reader = Reader(folder)
                expected = Session(reader, Views(reader), Names(reader)).ask(event.text)
                assert sessions[event.number % len(sessions)].ask(event.text) == expected
                reader.close()
        assert len(VIEWS) == (1 if sessions else 0)
        sessions.clear()
        gc.collect()
        assert len(READERS) == len(VIEWS) == len(NAMES) == 0
        store.close()
