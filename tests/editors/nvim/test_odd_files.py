"""Files that are not as they should be: what is suggested in them breaks nothing."""

from __future__ import annotations

import pytest

from tests.editors.nvim.neovim import Neovim

CODE = b"def add(a, b):\n    return a + b\n\n\ndef subtract(a, b):\n    return"


def open_bytes(neovim: Neovim, name: str, data: bytes) -> None:
    neovim.escape()
    path = neovim.project / name
    path.write_bytes(data)
    neovim.nvim.command(f"edit {path}")
    neovim.wait(lambda: neovim.nvim.eval("&filetype") == "python", "the file has its type")
    neovim.at_end()
    neovim.type(" ")


def saved(neovim: Neovim) -> bytes:
    neovim.escape()
    neovim.nvim.command("write")
    return (neovim.project / str(neovim.nvim.eval("expand('%:t')"))).read_bytes()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("dos.py", CODE.replace(b"\n", b"\r\n")),
        ("mixed.py", CODE.replace(b"\n", b"\r\n", 1)),
        ("surrogate.py", b"name = '\xed\xa0\x80'\n" + CODE),
        ("latin.py", b"name = '\xe9\xff'\n" + CODE),
        ("emoji.py", "name = '😀𝕏é'\n".encode() + CODE),
        ("nul.py", b"name = '\x00'\n" + CODE),
    ],
)
def test_what_was_there_stays_byte_for_byte(neovim: Neovim, name: str, data: bytes) -> None:
    open_bytes(neovim, name, data)
    ghost = neovim.wait_for_ghost("a")
    neovim.type("<Tab>")
    neovim.wait(lambda: neovim.line.endswith(ghost.rpartition("\n")[2]), "accepted")
    assert saved(neovim).startswith(data + b" " + ghost.partition("\n")[0].encode())


def test_a_cursor_behind_wide_letters(neovim: Neovim) -> None:
    open_bytes(neovim, "wide.py", CODE + " a - b\n\n\nname, 𝕏 = '😀', 3; print('é', subtract(2,".encode())
    neovim.type("<M-\\>")
    neovim.wait(lambda: neovim.ghost or any("no suggestion" in line for line in neovim.told), "an answer")
    before, ghost = neovim.text, neovim.ghost
    if ghost:
        neovim.type("<Tab>")
        neovim.wait(lambda: neovim.text == before + ghost, "accepted")
