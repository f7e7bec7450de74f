"""One Neovim with the plugin, driven over its own protocol. Nothing of the person's is read or written."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pynvim
import pytest

from fimble.config import home

PLUGIN = Path(__file__).parents[3] / "editors" / "nvim"
PATIENCE_S = float(os.environ.get("FIMBLE_TEST_PATIENCE_S", "60"))
"""Much longer than anything takes on a busy machine."""
POLL_S = 0.02
GHOSTS = "nvim.lsp.inline_completion"

_PREPARE = """
local plugin = ...
vim.opt.runtimepath:prepend(plugin)
vim.g.loaded_python3_provider = 0 -- looking for one takes seconds, at the first file
vim.o.swapfile = false
vim.o.hidden = true
_G.told = {}
vim.notify = function(message) table.insert(_G.told, message) end
vim.cmd.runtime('plugin/fimble.lua')
vim.cmd('filetype plugin on')
"""

_GHOST = """
local ghosts = vim.api.nvim_create_namespace(...)
local found = {}
for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, ghosts, 0, -1, { details = true })) do
  local lines = { mark[4].virt_text, unpack(mark[4].virt_lines or {}) }
  local texts = vim.tbl_map(function(chunks)
    return table.concat(vim.tbl_map(function(chunk) return chunk[1] end, chunks))
  end, lines)
  table.insert(found, { table.concat(texts, '\\n'), mark[2], mark[3] })
end
return found
"""


class Neovim:
    """Runs until ``close``. Keys are typed as a person's are; conditions are waited for."""

    def __init__(self, executable: Path, folder: Path) -> None:
        self.folder = folder
        self.project = folder / "project"
        self._environment = environment_in(folder)
        self.project.mkdir(parents=True, exist_ok=True)
        variables = [f"{name}={value}" for name, value in self._environment.items()]
        argv = ["env", *variables, str(executable), "--embed", "--headless", "--clean"]
        self.nvim = pynvim.attach("child", argv=argv)
        self.lua(_PREPARE, str(PLUGIN))
        self._num_files = 0

    def close(self) -> None:
        with contextlib.suppress(OSError, EOFError, pynvim.NvimError):
            self.nvim.command("qa!", async_=True)
        self.nvim.close()

    def lua(self, code: str, *arguments: Any) -> Any:
        return self.nvim.exec_lua(code, *arguments)

    def setup(self, **options: Any) -> None:
        self.lua("require('fimble').setup(...)", options)

    def open(self, text: str, name: str = "") -> None:
        """A new file with ``text``; the cursor at its end, in insert mode."""
        self.escape()
        self._num_files += 1
        path = self.project / (name or f"file{self._num_files}.py")
        path.write_text(text, encoding="utf-8", newline="")
        self.nvim.command(f"edit {path}")
        self.wait(
            lambda: self.nvim.eval("&filetype") != "" and self.nvim.eval("&buftype") == "", "the file has its type"
        )

    def at_end(self) -> None:
        """Go to the end of the buffer, to insert there."""
        self.type("<Esc>G$")
        self.type("a")

    def type(self, keys: str) -> None:
        """Keys in Neovim's notation, as if typed all at once."""
        while keys:
            done = self.nvim.input(keys)
            keys = keys.encode()[done:].decode()

    def escape(self) -> None:
        self.type("<Esc><Esc>")
        self.wait(lambda: self.nvim.api.get_mode()["mode"] == "n", "normal mode")

    @property
    def text(self) -> str:
        return "\n".join(self.nvim.current.buffer[:])

    @property
    def line(self) -> str:
        return str(self.nvim.current.line)

    @property
    def cursor(self) -> tuple[int, int]:
        """Row from 1, column in bytes from 0."""
        row, column = self.nvim.current.window.cursor
        return row, column

    @property
    def ghost(self) -> str:
        """The ghost text on the screen; nothing where there is none."""
        found = self.lua(_GHOST, GHOSTS)
        return str(found[0][0]) if found else ""

    @property
    def told(self) -> list[str]:
        """What the person was told, by ``vim.notify``."""
        return list(self.lua("return _G.told"))

    def forget_told(self) -> None:
        self.lua("_G.told = {}")

    def wait(self, condition: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
        """What ``condition`` returns once that is true."""
        until_s = time.monotonic() + patience_s
        while True:
            found = condition()
            if found:
                return found
            if time.monotonic() > until_s:
                pytest.fail(f"waited in vain: {what}\n{self.report()}")
            time.sleep(POLL_S)

    def wait_for_ghost(self, beginning: str = "") -> str:
        return str(self.wait(lambda: self.ghost.startswith(beginning) and self.ghost, f"a ghost {beginning!r}"))

    def wait_until_told(self, part: str) -> str:
        return str(self.wait(lambda: next((line for line in self.told if part in line), ""), f"a word of {part!r}"))

    def wait_until_ready(self) -> None:
        """The server runs here and has its model."""
        self.wait(lambda: self.statusline == "fimble: ready", "the model is ready")

    @property
    def statusline(self) -> str:
        return str(self.lua("return require('fimble').statusline()"))

    @property
    def server_pids(self) -> list[int]:
        """The processes that Neovim has started and that run."""
        return [int(pid) for pid in self.lua("return vim.api.nvim_get_proc_children(vim.fn.getpid())")]

    def report(self) -> str:
        """What a failed test is explained with."""
        asked = "return vim.api.nvim_exec2('messages', { output = true }).output"
        log = self.lua("return require('fimble.log').lines()")
        parts = [self.text, f"cursor {self.cursor}, ghost {self.ghost!r}, {self.statusline!r}", *self.told]
        return "\n".join([*parts, str(self.lua(asked)), *log[-12:]])


def environment_in(folder: Path) -> dict[str, str]:
    """Variables that keep a process and the server within ``folder``, with the person's models."""
    ours = folder / "fimble"
    ours.mkdir(parents=True, exist_ok=True)
    models = ours / "models"
    if not models.exists():
        models.symlink_to(home() / "models")
    names = ("CONFIG", "DATA", "STATE", "CACHE", "RUNTIME")
    folders = {f"XDG_{name}_{'DIR' if name == 'RUNTIME' else 'HOME'}": folder / name.lower() for name in names}
    for path in folders.values():
        path.mkdir(exist_ok=True, mode=0o700)
    found = {name: str(path) for name, path in folders.items()}
    return found | {"HOME": str(folder), "FIMBLE_HOME": str(ours), "FIMBLE_RECORD_ACCEPTANCE": "0", "TERM": "xterm"}


@contextlib.contextmanager
def running(executable: Path, folder: Path, command: Sequence[str], **options: Any) -> Iterator[Neovim]:
    """A Neovim with the plugin set up for the server ``command``."""
    neovim = Neovim(executable, folder)
    try:
        neovim.setup(cmd=list(command), **options)
        yield neovim
    finally:
        neovim.close()
