"""``fimble search`` with the real encoder: a question finds its answer though they share no word.

Without the encoder the tests are skipped with a word, but never under ``CI=true``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fimble import config
from fimble.index.words import split

FILES = {
    "upload.py": """def send_again(client, payload, attempts=3):
    for _ in range(attempts):
        try:
            return client.post(payload)
        except ConnectionError:
            continue
    raise TimeoutError
""",
    "figures.py": """def average(values):
    return sum(values) / len(values)


def largest(values):
    return max(values)
""",
    "dates.py": """from datetime import datetime


def to_epoch(day):
    return datetime.fromisoformat(day).timestamp()
""",
    "accounts.py": """def verify_password(user, secret):
    return hash(secret) == user.digest


def rename_account(user, name):
    user.name = name
""",
    "rows.py": """import csv


def load_table(path):
    with open(path) as file:
        return list(csv.reader(file))
""",
    "page.ts": """export function darken(colour: string): string {
  return colour.replace("f", "a");
}
""",
}


@pytest.fixture(scope="module")
def encoders() -> Path:
    """The folder of the encoder that is set up."""
    # in a process of its own: another test may have asked for the encoder of another home in this one
    asked = "from fimble.weights.encoder import installed; print(installed())"
    found = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True)
    if found.returncode:
        why = f"Run `fimble setup`; the encoder cannot be had: {found.stderr.strip().splitlines()[-1]}"
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
    return Path(found.stdout.strip()).parent


@pytest.fixture(scope="module")
def home(encoders: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of its own, with the encoder and the models of the real one."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "encoders").symlink_to(encoders)
    (folder / "models").symlink_to(config.home() / "models")
    return folder


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("work")
    for path, text in FILES.items():
        (folder / path).write_text(text)
    return folder


def found(query: str, work: Path, home: Path) -> dict[str, Any]:
    done = subprocess.run(
        [Path(sys.executable).with_name("fimble"), "search", "--wait", "--json", query, work],
        env=os.environ | {"FIMBLE_HOME": str(home)}, cwd=work, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("which code makes sure that somebody may log in", "verify_password"),
        ("keep trying when the network is down", "send_again"),
        ("what is the mean of a list", "average"),
    ],
)
def test_a_question_finds_what_shares_no_word_with_it(query: str, name: str, work: Path, home: Path) -> None:
    answer = found(query, work, home)
    first = answer["hits"][0]
    assert first["name"] == name
    (why,) = first["why"]
    assert why.startswith("meaning: "), "no word speaks for it"
    assert answer["notes"] == []


def test_a_question_in_chinese_finds_the_same(default_model: str, work: Path, home: Path) -> None:
    query = "在哪里检查用户能不能登录？"
    assert not set(split(query)) & {word for text in FILES.values() for word in split(text)}
    answer = found(query, work, home)
    assert answer["hits"][0]["name"] == "verify_password"
    (note,) = answer["notes"]
    assert note.startswith("In English: ") and note.isascii()
