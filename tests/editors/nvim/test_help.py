"""What Neovim says of the plugin: :checkhealth, :help, and a word about what is wrong."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.editors.nvim.neovim import PLUGIN, Neovim, environment_in, running


def health(neovim: Neovim) -> str:
    neovim.nvim.command("checkhealth fimble")
    neovim.wait(lambda: "Keys ~" in neovim.text, "the report")
    report = neovim.text
    neovim.nvim.command("bwipeout!")
    return report


def test_health_of_what_works(neovim: Neovim, fimble_command: list[str]) -> None:
    neovim.open("x = 1\n")
    report = health(neovim)
    assert "shows ghost text" in report
    assert f"found: {fimble_command[0]}" in report
    assert re.search(r"OK.* it starts: version \d", report)
    assert "OK the model qwen2.5-coder-0.5b-instruct is installed (int8)" in report
    assert "runs in 1 buffer, columns in utf-" in report
    assert "qwen2.5-coder-0.5b-instruct ready on CPU" in report
    assert "OK <Tab>: accept" in report
    assert "ERROR" not in report


def test_health_names_what_gets_in_the_way(neovim: Neovim) -> None:
    neovim.open("x = 1\n")
    neovim.lua("package.loaded['copilot'] = {}; vim.keymap.set('i', '<C-]>', 'x')")
    report = health(neovim)
    neovim.lua("package.loaded['copilot'] = nil; vim.keymap.del('i', '<C-]>'); require('fimble.keymaps').set(true)")
    assert "copilot is loaded: its ghost text" in report
    assert "<C-]> (dismiss) was mapped to something else since" in report


def test_help_has_its_tags_and_says_what_there_is(neovim: Neovim, tmp_path: Path) -> None:
    copy = tmp_path / "doc"
    copy.mkdir()
    text = (PLUGIN / "doc" / "fimble.txt").read_text(encoding="utf-8")
    (copy / "fimble.txt").write_text(text, encoding="utf-8")
    neovim.nvim.command(f"helptags {copy}")
    tags = {line.split("\t")[0] for line in (copy / "tags").read_text(encoding="utf-8").splitlines()}
    links = set(re.findall(r"\|((?:fimble|:Fimble|b:fimble)[^|]*)\|", text))
    assert links <= tags
    names = neovim.lua("return vim.tbl_keys(require('fimble'))")
    assert {f"fimble.{name}()" for name in names} <= tags
    options = neovim.lua("return vim.tbl_keys(require('fimble.options').get())")
    assert all(f"\n{name} " in text for name in options)
    words = neovim.nvim.funcs.getcompletion("Fimble ", "cmdline")
    assert all(f"\n:Fimble {word}" in text for word in words)
    keys = neovim.lua("return require('fimble.keymaps').DEFAULTS")
    assert all(re.search(rf"{name} +{re.escape(key)} ", text) for name, key in keys.items())
    assert all(len(line) <= 78 for line in text.splitlines())


def test_wrong_options_are_told_and_the_rest_is_used(nvim_path: Path, serve: list[str], tmp_path: Path) -> None:
    wrong = {
        "enabled": "yes",
        "disabled_languages": ["markdown", 3],
        "filetype": ["python"],
        "keymaps": {"accept": "<C-y>", "acept": "<Tab>", "next": 5},
        "popup": 1,
    }
    with running(nvim_path, tmp_path, serve, **wrong) as neovim:
        told = neovim.wait_until_told("setup")
        assert told == (
            "fimble: setup: disabled_languages: expected list of strings, got another table; "
            "enabled: expected boolean, got string; "
            "filetype is not an option; there are cmd, disabled_languages, disabled_paths, enabled, filetypes, "
            "keymaps, options, popup; "
            "keymaps.acept is no action; there are accept, accept_line, accept_word, dismiss, next, previous, suggest; "
            "keymaps.next: expected string or false, got number; "
            "popup: expected boolean, got number. That is ignored."
        )
        assert neovim.nvim.funcs.maparg("<C-y>", "i", False, True)["desc"] == "fimble: Accept the suggestion"
        neovim.open("x = 1\n")
        neovim.wait_until_ready()
        neovim.lua("require('fimble').setup('now')")
        neovim.wait_until_told("setup: expected table, got string; the defaults are used")


def test_options_of_the_server_reach_it(nvim_path: Path, serve: list[str], tmp_path: Path) -> None:
    options = {"eagerness": 500, "comments": False}
    off = {"disabled_paths": ["secret*"], "disabled_languages": ["javascript"]}
    with running(nvim_path, tmp_path, serve, options=options, **off) as neovim:
        neovim.open("key = '", "secret_keys.py")
        neovim.wait(lambda: neovim.statusline == "fimble: warning", "the server complains")
        said = str(neovim.lua("return require('fimble').status()"))
        assert "eagerness must be a whole number from 0 to 100, not 500" in said
        neovim.at_end()
        neovim.type("a")
        neovim.wait(lambda: _why(neovim), "the reason")
        assert "the file is one that fimble never reads" in _why(neovim)
        neovim.open("let key = ", "key.js")
        neovim.at_end()
        neovim.type("a")
        neovim.wait(lambda: "switched off for this language (javascript)" in _why(neovim), "the reason")


def test_one_server_for_all_folders(neovim: Neovim, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name / ".git").mkdir(parents=True)
        (tmp_path / name / "main.py").write_text("x = 1\n", encoding="utf-8")
        neovim.nvim.command(f"edit {tmp_path / name / 'main.py'}")
        neovim.wait(lambda: neovim.statusline == "fimble: ready", "it runs here too")
    assert len(neovim.server_pids) == 1
    folders = neovim.lua("return vim.lsp.get_clients({ name = 'fimble' })[1].workspace_folders")
    assert {str(tmp_path / "one"), str(tmp_path / "two")} <= {folder["name"] for folder in folders}


def _why(neovim: Neovim) -> str:
    neovim.forget_told()
    neovim.nvim.command("Fimble why")
    said = str(neovim.wait(lambda: "".join(neovim.told), "an answer"))
    return said if "no suggestion" in said else ""


def test_a_server_that_is_not_there(nvim_path: Path, tmp_path: Path) -> None:
    with running(nvim_path, tmp_path, ["fimble-that-is-not-there", "serve", "--stdio"]) as neovim:
        neovim.open("x = 1\n")
        told = neovim.wait_until_told("was not found")
        assert 'the server "fimble-that-is-not-there" was not found. Install fimble, or give its whole path' in told
        neovim.open("y = 1\n")
        assert len(neovim.told) == 1, "once"
        neovim.nvim.command("Fimble status")
        neovim.wait_until_told("fimble does not run; :checkhealth fimble")
        report = health(neovim)
        assert "ERROR the server" in report
        assert "fimble runs in no buffer" in report


def test_enabled_as_any_other_server_without_setup(nvim_path: Path, fimble_command: list[str], tmp_path: Path) -> None:
    """``fimble`` is on the path, and nothing of the plugin is called."""
    neovim = Neovim(nvim_path, tmp_path)
    try:
        neovim.lua("vim.env.PATH = ... .. ':' .. vim.env.PATH", str(Path(fimble_command[0]).parent))
        neovim.lua("vim.lsp.enable('fimble')")
        neovim.open("def add(a, b):\n    return a + b\n\n\ndef subtract(a, b):\n    return")
        neovim.wait_until_ready()
        neovim.at_end()
        neovim.type(" ")
        ghost = neovim.wait_for_ghost("a")
        neovim.type("a")
        neovim.wait(lambda: neovim.ghost == ghost[1:], "it follows all the same")
        neovim.lua("vim.lsp.inline_completion.get()")
        neovim.wait(lambda: neovim.line == f"    return {ghost}", "Neovim's own way to accept")
    finally:
        neovim.close()


def test_a_linked_plugin_finds_the_server_of_its_checkout(nvim_path: Path, tmp_path: Path) -> None:
    own = PLUGIN.parents[1] / ".venv" / "bin" / "fimble"
    link = tmp_path / "linked"
    link.symlink_to(PLUGIN)
    ask = "lua io.stdout:write(require('fimble.program').command()[1])"
    words = [str(nvim_path), "--headless", "--clean", "--cmd", f"set rtp^={link}", f"+{ask}", "+qa!"]
    environment = environment_in(tmp_path) | {"PATH": "/usr/bin:/bin"}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == (str(own) if own.exists() else "fimble")


def test_nothing_is_loaded_before_it_is_needed(nvim_path: Path, tmp_path: Path) -> None:
    ask = "lua for name in pairs(package.loaded) do if name:find('fimble') then print(name) end end"
    words = [str(nvim_path), "--headless", "--clean", "--cmd", f"set rtp^={PLUGIN}", f"+{ask}", "+qa!"]
    environment = environment_in(tmp_path)
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout + done.stderr == ""
