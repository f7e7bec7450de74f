"""``.fimbleignore`` against its twin: git, given the same lines as ``.gitignore``."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fimble.privacy import Privacy

GIT = shutil.which("git")
NAMES = ("a", "b", "ab", "a.py", "b.log")
PATHS = [f"{one}/{two}/{three}" for one in "ab" for two in ("a", "ab") for three in NAMES] + list(NAMES[2:])
PIECES = st.sampled_from(
    ["a", "b", "ab", "*", "**", "?", "[ab]", "*.py", "*.log", "a*", "a.py", "b.log", "***", "[!a]*"]
)
LINES = st.builds(
    lambda negated, rooted, parts, folder: negated + rooted + "/".join(parts) + folder,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(PIECES, min_size=1, max_size=3),
    st.sampled_from(["", "", "/"]),
)


@pytest.mark.skipif(GIT is None, reason="needs git")
@settings(max_examples=60)
@example(["*", "!b"], [])
@example(["a/**", "!a/a"], [])
@example(["**/", "!b/"], [])
@example(["**/a/**"], ["!*"])
@example(["a/**/"], [])
@example([], ["*/"])
@example(["***/ab", "!a/***/b"], [])
@given(st.lists(LINES, max_size=4), st.lists(LINES, max_size=3))
def test_as_git_reads_them(top: list[str], nested: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        subprocess.run([str(GIT), "init", "-q", str(root)], check=True)
        for path in PATHS:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).touch()
        for name in (".gitignore", ".fimbleignore"):
            (root / name).write_text("\n".join(top))
            (root / "a" / name).write_text("\n".join(nested))
        command = [str(GIT), "-c", "core.excludesFile=", "-C", str(root), "check-ignore", "--no-index", *PATHS]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        privacy = Privacy(roots=[root])
        assert [path for path in PATHS if not privacy.may_read(root / path)] == answer.stdout.split()
