"""The real server with a scripted feature in the model's place: protocol tests need no weights.

The line before the cursor says what happens: ``slow`` computes until it is cancelled
(or 5 s), ``stubborn`` computes on, ``boom`` fails, ``die`` kills the process, ``none`` has nothing to
add, anything else is answered with what the model was shown, so that a test sees which text was completed.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import fimble
from fimble.config import Config
from fimble.context.elsewhere import Elsewhere
from fimble.engine.base import CancelToken
from fimble.errors import ConfigError, EngineCancelled, ModelNotInstalled
from fimble.lsp import process
from fimble.text import Cursor, Outcome, Reason, Snapshot, Suggestion

if TYPE_CHECKING:
    from fimble.daemon.address import Address
    from fimble.features.actions.action import Done, Offer
    from fimble.features.generation.steps import Steps
    from fimble.features.generation.turn import Turn
    from fimble.features.search import OpenSearch, Searcher, Translate
    from fimble.lsp.model import Loader

_SLOW_S = 5.0
AGAIN_S = (0.0, 0.1, 0.2)
"""When a daemon that ends again and again is started anew."""


class ScriptedFeature:
    """Does what the text before the cursor says."""

    answer_ms = 0.0
    num_run_tokens = 0

    def recall(self, cursor: Cursor) -> Outcome | None:
        return None

    def joins(self, cursor: Cursor) -> bool:
        return False

    def idle(self, cursor: Cursor, cancel: CancelToken) -> bool:
        return False

    def forget(self, uri: str) -> None:
        pass

    def suggest(
        self, cursor: Cursor, cancel: CancelToken, num_candidates: int = 1, is_hurried: bool = False
    ) -> Outcome:
        line = cursor.line_prefix
        print(f"begun {line}", flush=True)
        if line.endswith("slow"):
            deadline_s = time.monotonic() + _SLOW_S
            while time.monotonic() < deadline_s and not cancel.cancelled:
                time.sleep(0.005)
            print(f"{'cancelled' if cancel.cancelled else 'finished'} {line}", flush=True)
            if cancel.cancelled:
                return Outcome(reason=Reason.CANCELLED)
        if line.endswith("stubborn"):
            time.sleep(1.5)
        if line.endswith("boom"):
            raise RuntimeError("the script says so")
        if line.endswith("die"):
            os.kill(os.getpid(), signal.SIGKILL)
        if line.endswith("none"):
            return Outcome(reason=Reason.EMPTY)
        answer = f"[v{cursor.snapshot.version} {len(cursor.snapshot.text)} {cursor.offset} {line}]"
        return Outcome(tuple(Suggestion(f"{answer}{i}", -0.1) for i in range(num_candidates)))


class ScriptedActions:
    """Does what the document's first line says: writes at once, ``slow``ly, or fails in some way."""

    def warm(self, cursor: Cursor, cancel: CancelToken) -> bool:
        if "warm" in cursor.snapshot.text.partition("\n")[0]:
            print(f"warmed {cursor.offset}", flush=True)
        return False

    def steps(
        self,
        offer: Offer,
        snapshot: Snapshot,
        turn: Turn,
        on_text: Callable[[str], None] = lambda _: None,
        project_tests: str = "",
    ) -> Steps[Done]:
        script = snapshot.text.partition("\n")[0]
        print(f"act begun {script} {offer.kind.value} {offer.argument}", flush=True)
        if "boom" in script:
            raise RuntimeError("the script says so")
        if "unknown" in script:
            raise ConfigError("There is no such language.", "Choose another.")
        num_lines = 400 if "slow" in script else 30 if "while" in script else 3
        text = "```python\n"
        for number in range(num_lines):
            text += f"line {number}\n"
            on_text(text)
            deadline_s = time.monotonic() + 0.02
            while time.monotonic() < deadline_s:
                if turn.cancel.cancelled:
                    print(f"act cancelled {script}", flush=True)
                    raise EngineCancelled("The request was cancelled.")
                if turn.pause.cancelled:
                    print(f"act gave way {script}", flush=True)
                    yield None
                time.sleep(0.002)
        print(f"act finished {script}", flush=True)
        return _done(offer, snapshot, project_tests, script)


def _done(offer: Offer, snapshot: Snapshot, project_tests: str, script: str) -> Done:
    from fimble.checks.finding import Finding
    from fimble.checks.finding import Kind as What
    from fimble.features.actions.action import Done, Edit, Kind, NewDocument

    if "refuse" in script:
        return Done(refusal="No version passed the checks: line 2: no.")
    if "nothing" in script:
        return Done()
    findings = (Finding(What.SECURITY, 2, "use of eval"),) if "insecure" in script else ()
    if offer.kind is Kind.EXPLAIN:
        return Done(markdown=f"### Explained\n\n{snapshot.text[offer.start : offer.end]}\n")
    if offer.kind is Kind.TRANSLATE:
        return Done(document=NewDocument("tool.js", "javascript", "const a = 1;\n"))
    if offer.kind is Kind.TESTS:
        return Done(document=NewDocument("test_tool.py", "python", f"# knows: {project_tests.strip()}\n"))
    return Done((Edit(offer.start, offer.end, f"<{offer.kind.value} ${{1}}>\n    done"),), findings=findings)


class ScriptedModel:
    feature = ScriptedFeature()
    model = "scripted"
    provider = "cpu"
    notes = ("No CUDA device was found: fimble runs on the CPU.",)
    is_asleep = False
    endpoint = ""

    english: Callable[[str], str] | None = None

    def __init__(self, can_act: bool) -> None:
        self.actions = ScriptedActions() if can_act else None

    def wake(self) -> None:
        pass

    def configure(self, config: Config) -> None:
        print(f"configured eagerness {config.eagerness}", flush=True)

    def listen(self, on_problems: Callable[[tuple[str, ...]], None]) -> None:
        pass

    def close(self) -> None:
        print("model closed", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--stdio", action="store_true")
    parser.add_argument("--tcp", type=int)
    parser.add_argument("--log-level", default="warning")
    parser.add_argument("--load-s", type=float, default=0.0)
    parser.add_argument("--base", action="store_true", help="a model that follows no instructions")
    parser.add_argument("--fail", choices=("known", "unknown", "die"))
    parser.add_argument("--index", action="store_true", help="index the workspace, which can then be searched")
    parser.add_argument("--daemon", action="store_true", help="serve through a daemon of this very script")
    parser.add_argument("--in-process", action="store_true")
    parser.add_argument("--ready", type=int, help="be the daemon")
    parser.add_argument("--version", help="pretend to be that version of fimble")
    options = parser.parse_args()
    if options.version:
        fimble.__version__ = options.version

    def load(
        config: Config, _: Elsewhere, __: Callable[[], float], on_progress: Callable[[str], None]
    ) -> ScriptedModel:
        if "onnxruntime" in sys.modules or "numpy" in sys.modules or "typer" in sys.modules:
            raise SystemExit("something slow was imported before initialize")
        on_progress(f"reading {config.model}")
        time.sleep(options.load_s)
        if options.fail == "known":
            raise ModelNotInstalled(f"{config.model} is not installed.", "Run `fimble setup`.")
        if options.fail == "unknown":
            raise RuntimeError("the disk is on fire")
        if options.fail == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        return ScriptedModel(not options.base)

    def open_search(root: Path, config: Config, translate: Translate) -> Searcher:
        from fimble.cli.wiring_index import open_search

        return open_search(root, config, translate)

    search = open_search if options.index else None
    if options.ready is not None:
        _be_daemon(load, search, options.ready)
    elif options.daemon and not options.in_process:
        _serve_through_daemon(options.log_level)
    else:
        process.serve(load, options.tcp, options.log_level, search)


def _address() -> Address:
    """Of a daemon for one test, in the folder that is its own."""
    from fimble.daemon.address import Address

    return Address(Path(tempfile.gettempdir()) / "daemon", "test")


def _be_daemon(load: Loader, open_search: OpenSearch | None, ready_fd: int) -> None:
    from fimble.daemon import process as daemon
    from fimble.daemon.window import Shared

    daemon.run(_address, lambda: Shared(load, open_search), ready_fd)


def _serve_through_daemon(log_level: str) -> None:
    from fimble.cli import through

    command = [sys.executable, *sys.argv]
    through.serve(log_level, command, command, _address, AGAIN_S)


if __name__ == "__main__":
    main()
