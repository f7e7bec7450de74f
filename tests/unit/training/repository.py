"""A git repository in which an author types, and code to type."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from random import Random

_VERBS = ["load", "parse", "merge", "split", "count", "write", "check", "update", "find", "remove", "render", "resolve"]
_NOUNS = [
    "record",
    "table",
    "order",
    "client",
    "header",
    "token",
    "window",
    "branch",
    "folder",
    "message",
    "widget",
    "ledger",
]
_TAILS = ["cache", "queue", "index", "state", "value", "entry", "group", "limit", "total", "offset"]


class Repository:
    """Below ``root``, which is made; with a history where ``has_history``."""

    def __init__(self, root: Path, has_history: bool = True) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        if has_history:
            self.git("init", "-q", "-b", "main")

    def git(self, *words: str) -> str:
        """Without the settings of whoever runs the tests."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", *words]
        return subprocess.run(
            command, cwd=self.root, env=environment, check=True, capture_output=True, text=True
        ).stdout

    def put(self, path: str, text: str | bytes) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())

    def commit(self, subject: str, files: dict[str, str | bytes] | None = None) -> None:
        for path, text in (files or {}).items():
            self.put(path, text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", subject)


def function(draw: Random) -> str:
    """A Python function with a docstring and a comment, unlike any other."""
    name = f"{draw.choice(_VERBS)}_{draw.choice(_NOUNS)}_{draw.randrange(10_000)}"
    first, second, third = (f"{draw.choice(_TAILS)}_{draw.randrange(1000)}" for _ in range(3))
    return (
        f"def {name}({first}, {second}=None):\n"
        f'    """{draw.choice(_VERBS).capitalize()} the {draw.choice(_NOUNS)} of the {first.replace("_", " ")}."""\n'
        f"    {third} = {draw.choice(_VERBS)}({first}, {draw.randrange(100)})\n"
        f"    # Give back what the {draw.choice(_NOUNS)} needs of it.\n"
        f"    if {second} is not None and {third}.{draw.choice(_TAILS)} > {draw.randrange(100)}:\n"
        f"        return {second}.{draw.choice(_VERBS)}({third}, {first})\n"
        f"    return [{first} + {third} for _ in range({draw.randrange(100)})]\n"
    )


def module(draw: Random, num_functions: int) -> str:
    """A Python file."""
    return "import os\n\n\n" + "\n\n".join(function(draw) for _ in range(num_functions))
