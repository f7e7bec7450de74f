"""How a chunk is told to the encoder: its surroundings, its code, what it says of itself cut short."""

from __future__ import annotations

import pytest

from fimble.index.chunks import cut
from fimble.index.describe import MAX_CHARS, describe, digest
from fimble.index.records import Chunk
from fimble.syntax.languages import find

CODE = '''class UploadQueue:
    """Waits."""

    def retryAll(self):
        """Send again
        what failed.

        And much more of it.
        """
        return   self.send()


def get_url(): return 1
'''


def chunks(path: str, code: str = CODE) -> dict[str, Chunk]:
    return {chunk.name: chunk for chunk in cut(path, find("", f"file:///{path}"), code).chunks}


def test_a_method_is_told_with_its_class_and_one_paragraph_of_its_docstring() -> None:
    told = describe("net/up.py", chunks("net/up.py")["retryAll"])
    assert told.startswith("Upload Queue\n") and "def retry All(self):" in told
    assert '"""Send again what failed."""' in told and "much more" not in told
    assert "return self.send()" in told


def test_a_function_is_told_with_its_file() -> None:
    assert describe("net/up.py", chunks("net/up.py")["get_url"]).startswith("up\ndef get_url(): return 1")


@pytest.mark.parametrize("path", ["0/17.py", "2024_01.py", "_.py"])
def test_a_file_whose_name_has_no_letter_says_nothing(path: str) -> None:
    found = chunks(path)
    assert describe(path, found["get_url"]).startswith("def get_url")
    assert describe(path, found["retryAll"]).startswith("Upload Queue\n")


@pytest.mark.parametrize("path", ["v2.py", "读取.py", "0001_initial.py"])
def test_any_letter_says_something(path: str) -> None:
    assert describe(path, chunks(path)["get_url"]).startswith(f"{path.removesuffix('.py')}\n")


def test_what_is_told_is_bounded_and_another_text_is_another_digest() -> None:
    long = chunks("a.py", "def f():\n" + "    x = 1\n" * 2000)["f"]
    assert len(describe("a.py", long)) <= MAX_CHARS
    one = chunks("a.py")["get_url"]
    assert digest("a.py", one) != digest("b.py", one) and digest("1.py", one) == digest("2.py", one)
