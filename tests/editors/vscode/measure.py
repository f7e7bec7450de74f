"""How fast VS Code is with the extension: ``python -m tests.editors.vscode.measure``, with nothing else running.

* from a fresh machine to the first ghost text: an empty home, one click, everything downloaded;
* from a keystroke to ghost text on the screen, and how much of that is the server's;
* the extension host's time for a keystroke, from its own CPU profile.
"""

from __future__ import annotations

import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from fimble.config import home
from tests.editors.programs import chromium, code_server
from tests.editors.vscode.code_server import CodeServer, with_extension
from tests.editors.vscode.conftest import FLAGS, packed
from tests.editors.vscode.window import GHOST, Window

NUM_LINES, NUM_KEYS = 25, 6
PAUSE_S = (0.12, 0.3)
"""Between two keys, as a person types."""
WATCH = f"""() => {{
  const ghost = {GHOST};
  window.fimbleKeys = [];
  window.addEventListener('keydown', event => {{
    if (event.key.length !== 1 || event.ctrlKey || !event.target.closest('.editor-instance')) return;
    const before = ghost(), key = {{at: performance.now(), ms: null, isNew: !before}};
    window.fimbleKeys.push(key);
    const look = () => {{
      if (window.fimbleKeys.at(-1) !== key) return;
      const now = ghost();
      if (now && now !== before) key.ms = performance.now() - key.at;
      else if (performance.now() - key.at < 5000) requestAnimationFrame(look);
    }};
    requestAnimationFrame(look);
  }}, true);
}}"""


def main() -> None:
    vsix = packed()
    found: dict[str, Any] = {"extension_kb": round(vsix.stat().st_size / 1000)}
    found["fresh_machine_s"] = fresh(vsix)
    found |= typing(vsix)
    print(json.dumps(found, indent=2))


def fresh(vsix: Path) -> dict[str, float]:
    """Seconds from an empty home to ghost text, from the click on."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary)
        program = code_server.find()
        extensions = with_extension(program, vsix, folder)
        server = CodeServer(program, folder / "vscode", extensions, {}, {"FIMBLE_HOME": str(folder / "models")})
        with server, window_on(server, folder, "def add(a, b):\n    ") as window:
            window.wait_message("have to be fetched, once").get_by_role("button", name="Set Up").click()
            began_s = time.monotonic()
            steps: dict[str, float] = {}
            while "fimble: CPU" not in window.status:
                for message in window.messages:
                    step = re.sub(r" (\(|\d|, ).*", "", message.removeprefix("fimble: setting up: "))
                    if not step.startswith("fetching "):
                        steps.setdefault(step, round(time.monotonic() - began_s, 1))
                window.page.wait_for_timeout(100)
            steps["ready"] = round(time.monotonic() - began_s, 1)
            window.end()
            window.type("ret")
            window.wait_ghost()
            steps["ghost text"] = round(time.monotonic() - began_s, 1)
            return steps


def typing(vsix: Path) -> dict[str, Any]:
    """Keystrokes in a module of the standard library: lines are emptied, and typed anew from their beginning."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary)
        settings = {"fimble.server.path": logging(folder), "fimble.recordAcceptance": False}
        program = code_server.find()
        extensions = with_extension(program, vsix, folder)
        server = CodeServer(program, folder / "vscode", extensions, settings, {"FIMBLE_HOME": str(home())})
        text = Path(textwrap.__file__).read_text()
        with server, window_on(server, folder, text) as window:
            window.wait_ready()
            window.page.evaluate(WATCH)
            with profiling(server, folder / "host.cpuprofile"):
                type_lines(window, text.splitlines())
            keys = window.page.evaluate("window.fimbleKeys")
        served = [float(ms) for ms in re.findall(r"main\.py:.* (\d+) ms$", (folder / "server.log").read_text(), re.M)]
        shown = [key for key in keys if key["ms"] is not None]
        return {
            "keystrokes": len(keys),
            "with_ghost_text": len(shown),
            "ghost_ms": quantiles([key["ms"] for key in shown]),
            "ghost_ms_where_none_was": quantiles([key["ms"] for key in shown if key["isNew"]]),
            "server_ms": quantiles(served),
            "server_ms_of_those_over_20": quantiles([ms for ms in served if ms > 20]),
            "extension_host_ms_per_keystroke": round(host_ms(folder / "host.cpuprofile") / len(keys), 3),
        }


@contextmanager
def profiling(server: CodeServer, file: Path) -> Iterator[None]:
    """Profile the extension host, into ``file``."""
    (host,) = server.processes("--type=extensionHost")
    node, script = code_server.find().node, Path(__file__).with_name("profile.mjs")
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([node, script, str(host.pid), file], **pipes) as profiler:
        assert profiler.stdin is not None
        assert profiler.stdout is not None
        assert profiler.stdout.readline().strip() == "profiling"
        yield
        profiler.stdin.close()


def logging(folder: Path) -> str:
    """The server, with its log of each answer in a file."""
    program = folder / "program"
    real = Path(sys.executable).with_name("fimble")
    program.write_text(f'#!/bin/sh\nexec {real} "$@" --log-level info 2>> {folder}/server.log\n')
    program.chmod(0o755)
    return str(program)


def type_lines(window: Window, lines: list[str]) -> None:
    choice = random.Random(7)
    rows = [row for row, line in enumerate(lines) if line.startswith("    ") and len(line.strip()) > 12]
    for row in sorted(choice.sample(rows, NUM_LINES)):
        window.press("Control+g")
        window.page.locator(".quick-input-widget input").first.wait_for()
        window.page.keyboard.type(f"{row + 1}:{len(lines[row]) + 1}")
        window.press("Enter", "Shift+Home", "Delete")
        window.page.wait_for_timeout(1500)
        for key in lines[row].strip()[:NUM_KEYS]:
            window.page.keyboard.type(key)
            window.page.wait_for_timeout(1000 * choice.uniform(*PAUSE_S))
        window.page.wait_for_timeout(1500)
        window.press("Escape", "Escape")


def host_ms(file: Path) -> float:
    """Milliseconds in which a function of the extension was on the stack."""
    profile = json.loads(file.read_text())
    nodes = {node["id"]: node for node in profile["nodes"]}
    ours: set[int] = set()
    left = [(profile["nodes"][0]["id"], False)]
    while left:
        name, is_below = left.pop()
        is_ours = is_below or bool(re.search(r"fimble\.fimble[^/]*/dist/", nodes[name]["callFrame"]["url"]))
        if is_ours:
            ours.add(name)
        left += [(child, is_ours) for child in nodes[name].get("children", ())]
    pairs = zip(profile["samples"], profile["timeDeltas"], strict=True)
    return float(sum(delta for sample, delta in pairs if sample in ours)) / 1000


def quantiles(values: list[float]) -> dict[str, float]:
    cut = statistics.quantiles(values, n=20)
    found = {"p50": statistics.median(values), "p95": cut[18], "longest": max(values)}
    return {"number": len(values), **{name: round(value) for name, value in found.items()}}


@contextmanager
def window_on(server: CodeServer, folder: Path, text: str) -> Iterator[Window]:
    file = folder / "project/main.py"
    file.parent.mkdir()
    file.write_text(text)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium.find()), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(server.address(file.parent, file))
        window = Window(page, file)
        window.wait_open()
        yield window
        browser.close()


if __name__ == "__main__":
    main()
