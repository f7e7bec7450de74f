"""Which documents are remembered, and which are not."""

from __future__ import annotations

from pathlib import Path

from fimble.context.neighbours import CLOSED_S, MAX_CLOSED_CHARS, MAX_DOCUMENTS, Neighbours
from fimble.privacy import Privacy
from fimble.privacy.rules import RECHECK_S
from fimble.text import Snapshot


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def document(name: str, text: str = "x\n", version: int = 1) -> Snapshot:
    return Snapshot(f"file:///p/{name}", "python", version, text)


def names(neighbours: Neighbours) -> list[str]:
    return [one.snapshot.uri.rsplit("/", 1)[1] for one in neighbours.held()]


def test_the_one_used_last_comes_first() -> None:
    neighbours = Neighbours(Privacy())
    for name in ("a", "b", "c"):
        neighbours.put(document(name))
    neighbours.touch("file:///p/a")
    neighbours.touch("file:///p/unknown")
    assert names(neighbours) == ["a", "c", "b"]


def test_a_change_replaces_the_text() -> None:
    neighbours = Neighbours(Privacy())
    neighbours.put(document("a"))
    neighbours.put(document("a", "y\n", 2), focus=1)
    held = neighbours.held()
    assert [(one.snapshot.text, one.focus) for one in held] == [("y\n", 1)]


def test_closed_documents_go_first_and_in_time() -> None:
    clock = Clock()
    neighbours = Neighbours(Privacy(), clock)
    for number in range(MAX_DOCUMENTS):
        neighbours.put(document(str(number)))
    neighbours.close("file:///p/7")
    neighbours.put(document("new"))
    assert "7" not in names(neighbours) and len(names(neighbours)) == MAX_DOCUMENTS
    neighbours.put(document("newer"))
    assert "0" not in names(neighbours)
    neighbours.close("file:///p/5")
    assert names(neighbours)[0] == "5"
    clock.now = CLOSED_S + 1
    assert "5" not in names(neighbours)


def test_opened_again() -> None:
    clock = Clock()
    neighbours = Neighbours(Privacy(), clock)
    neighbours.put(document("a"))
    neighbours.close("file:///p/a")
    neighbours.put(document("a"))
    clock.now = CLOSED_S + 1
    assert names(neighbours) == ["a"]


def test_a_large_document_is_forgotten_when_closed() -> None:
    neighbours = Neighbours(Privacy())
    neighbours.put(document("a", "x" * (MAX_CLOSED_CHARS + 1)))
    neighbours.close("file:///p/a")
    assert names(neighbours) == []


def test_private_documents_are_never_taken() -> None:
    neighbours = Neighbours(Privacy())
    assert not neighbours.put(document(".env"))
    assert names(neighbours) == []


def test_what_becomes_private_is_forgotten(tmp_path: Path) -> None:
    clock = Clock()
    neighbours = Neighbours(Privacy(clock=clock), clock)
    uri = (tmp_path / "a.py").as_uri()
    assert neighbours.put(Snapshot(uri, "python", 1, "x"))
    (tmp_path / ".fimbleignore").write_text("a.py")
    clock.now += RECHECK_S
    assert names(neighbours) == []
    (tmp_path / ".fimbleignore").unlink()
    clock.now += RECHECK_S
    assert names(neighbours) == []


def test_new_rules_apply_at_once() -> None:
    neighbours = Neighbours(Privacy())
    neighbours.put(document("a.py"))
    neighbours.put(document("b.py"))
    neighbours.govern(Privacy(["a.py"]))
    assert names(neighbours) == ["b.py"]
