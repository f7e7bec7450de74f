"""The graph of a small workspace, and the product with it."""

from __future__ import annotations

import numpy as np
import pytest

from fimble.index import graph
from fimble.index.chunks import cut
from fimble.index.graph import EdgeKind, GraphInput
from fimble.index.records import Import, Kind, Reference
from fimble.syntax.languages import find


def edges(files: dict[str, str]) -> set[str]:
    """``from kind to`` of every edge, but for what a class contains."""
    ids: list[int] = []
    names: list[str] = []
    kinds: list[Kind] = []
    parents: list[int | None] = []
    file_ids: list[int] = []
    shown: list[str] = []
    references: dict[int, tuple[Reference, ...]] = {}
    imports: dict[int, tuple[Import, ...]] = {}
    for file_id, (path, text) in enumerate(files.items(), 7):
        content = cut(path, find("", path), text)
        imports[file_id] = content.imports
        first = 100 + len(ids)
        for chunk in content.chunks:
            references[100 + len(ids)] = chunk.references
            ids.append(100 + len(ids))
            names.append(chunk.name)
            kinds.append(chunk.kind)
            parents.append(None if chunk.parent is None else first + chunk.parent)
            file_ids.append(file_id)
            shown.append(chunk.qualified)
    paths = dict(enumerate(files, 7))
    built = graph.build(GraphInput(ids, names, kinds, parents, file_ids, paths, references, imports))
    assert built.ids.tolist() == ids
    return {
        f"{shown[start]} {EdgeKind(kind).name.lower()} {shown[end]}"
        for start, end, kind in zip(*built.edges.tolist(), built.kinds.tolist(), strict=True)
        if kind != EdgeKind.CONTAINS
    }


def test_names_are_followed_through_imports() -> None:
    found = edges(
        {
            "src/app/__init__.py": "from app.client import Client\n",
            "src/app/base.py": "class Base:\n    def close(self):\n        return end(self)\n",
            "src/app/client.py": (
                "from .base import Base\nfrom . import tools as t\nfrom os import join\n"
                "class Client(Base):\n    def send(self):\n        self.close()\n        t.pack(1)\n        join(2)\n"
                "    def close(self):\n        return super().close()\n"
            ),
            "src/app/tools.py": "def pack(x):\n    return join(x)\ndef join(x):\n    return x\n",
            "tests/test_a.py": "from app import Client\ndef test_a():\n    assert Client().send()\n",
        }
    )
    assert found == {
        "Client derives Base",
        "Client.send calls Client.close",
        "Client.send calls pack",
        "Client.close calls Base.close",
        "pack calls join",
        "test_a calls Client",
        "test_a calls Client.send",
    }


def test_a_name_from_outside_of_the_workspace_means_nothing_in_it() -> None:
    files = {"a.py": "import numpy as np\ndef f():\n    return np.pack(1)\n", "b.py": "def pack(x):\n    return x\n"}
    assert edges(files) == set()


def test_a_method_of_something_unknown_is_one_that_few_are_called_like() -> None:
    method = "class {}:\n    def upload(self):\n        return 1\n"
    caller = {"a.py": "def f(client):\n    return client.upload()\n"}
    few = caller | {f"{name}.py": method.format(name) for name in "BC"}
    assert edges(few) == {"f calls B.upload", "f calls C.upload"}
    assert edges(caller | {f"{name}.py": method.format(name) for name in "BCDE"}) == set()


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {
                "web/api.ts": "export function get(x: number) {\n  return x;\n}\n",
                "web/index.ts": "export { get as fetchIt } from './api';\n",
                "web/use.ts": "import { fetchIt } from '.';\nexport const go = () => {\n  fetchIt(1);\n};\n",
            },
            {"go calls get"},
        ),
        (
            {
                "m/store/a.go": "package store\n\nfunc Open() {\n\tclose(1)\n}\n",
                "m/store/b.go": "package store\n\nfunc run() {\n\tOpen()\n}\n",
                "m/main.go": 'package main\n\nimport "x.org/m/store"\n\nfunc main() {\n\tstore.Open()\n}\n',
            },
            {"run calls Open", "main calls Open"},
        ),
        (
            {
                "a/b/C.java": "package a.b;\nclass C extends D {\n  void go() {\n    stop();\n    help();\n  }\n"
                "  void stop() {\n  }\n}\n",
                "a/b/D.java": "package a.b;\nclass D {\n  void help() {\n  }\n}\n",
            },
            {"C derives D", "C.go calls C.stop", "C.go calls D.help"},
        ),
    ],
)
def test_other_languages(files: dict[str, str], expected: set[str]) -> None:
    assert edges(files) == expected


def test_an_empty_workspace_has_an_empty_graph() -> None:
    built = graph.build(GraphInput([], [], [], [], [], {}, {}, {}))
    assert built.edges.shape == (2, 0) and built.kinds.shape == (0,)
    adjacency = graph.normalised(0, built.edges)
    assert graph.propagate(adjacency, np.zeros((0, 4), np.float32)).shape == (0, 4)


def test_edges_weigh_what_their_kind_does() -> None:
    pairs = np.array([[0, 1], [1, 2]])
    kinds = np.array([EdgeKind.CALLS, EdgeKind.USES], np.int8)
    adjacency = graph.normalised(3, pairs, kinds, {EdgeKind.CALLS: 3.0, EdgeKind.USES: 0.0})
    found = graph.propagate(adjacency, np.eye(3, dtype=np.float32))
    assert found == pytest.approx(np.array([[0.25, 0.75, 0], [0.75, 0.25, 0], [0, 0, 1]]))
