"""Nothing held out stands in what trains, however files are copied, renamed, changed and merged into each other."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from fimble.errors import NothingToLearn
from fimble.training.dataset import Settings, make
from fimble.training.near import WINDOW_WORDS, words
from fimble.training.records import Example, Kind, Split
from fimble.training.split import MAX_SHARED_WORDS
from tests.unit.training.repository import Repository, function, module


def grown(root: Path, draw: Random) -> Repository:
    """A repository in which anything happened."""
    repository = Repository(root)
    paths = [f"src/part{number}.py" for number in range(draw.randint(4, 9))]
    repository.commit("Begin with some files", {path: module(draw, draw.randint(2, 5)) for path in paths})
    for step in range(draw.randint(2, 10)):
        path = draw.choice(paths)
        text = (root / path).read_text()
        deed = draw.choice(["edit", "grow", "copy", "rename", "move", "delete"])
        if deed == "edit":
            repository.put(path, text.replace(draw.choice(["=None", "range(", "return ["]), "=0", 1))
        elif deed == "grow":
            repository.put(path, text + "\n\n" + function(draw))
        elif deed == "copy":
            paths.append(f"src/copy{step}.py")
            repository.put(paths[-1], text.replace("import os", "import os, sys"))
        elif deed == "rename":
            paths[paths.index(path)] = f"src/renamed{step}.py"
            repository.git("mv", path, f"src/renamed{step}.py")
        elif deed == "move":
            head, *functions = text.split("\n\n\n")
            other = draw.choice(paths)
            if functions and other != path:
                repository.put(other, (root / other).read_text() + "\n\n" + functions.pop())
                repository.put(path, "\n\n\n".join([head, *functions, function(draw)]))
        elif len(paths) > 4:
            paths.remove(path)
            (root / path).unlink()
        repository.commit(f"{deed.capitalize()} what is in step {step}")
    return repository


def said(one: Example) -> str:
    return "\n".join((one.prefix, one.middle, one.suffix, one.instruction))


def flat(text: str) -> str:
    return " ".join(words(text))


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.integers(0, 5))
def test_nothing_held_out_leaks(number: int, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        repository = grown(Path(folder) / "thing", Random(number))
        try:
            examples = make(repository.root, Settings(seed)).examples
        except NothingToLearn:
            return
        files = {one.path: (repository.root / one.path).read_text() for one in examples if one.kind is not Kind.EDIT}
    training = [one for one in examples if one.split is Split.TRAIN]
    held_out = [one for one in examples if one.split is not Split.TRAIN]
    assert not {one.path for one in training} & {one.path for one in held_out}
    assert not {one.path for one in held_out if one.split is Split.TEST} & {
        one.path for one in held_out if one.split is Split.VALIDATION
    }
    taught = "\n".join(flat(said(one)) for one in training)
    for one in held_out:
        core = words(one.middle)[1:-1]
        assert len(core) < WINDOW_WORDS or " ".join(core) not in taught, one
    held_files = [words(text) for path, text in files.items() if path in {one.path for one in held_out}]
    pieces = {
        " ".join(text[at : at + MAX_SHARED_WORDS])
        for text in held_files
        for at in range(len(text) - MAX_SHARED_WORDS + 1)
    }
    for one in training:
        if one.kind is Kind.EDIT:
            for text in (words(one.instruction), words(one.middle)):
                for at in range(len(text) - MAX_SHARED_WORDS + 1):
                    assert " ".join(text[at : at + MAX_SHARED_WORDS]) not in pieces, one
