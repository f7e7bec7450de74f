"""``fimble bench typing``: the same keystrokes in front of fimble's server and, if asked, of a peer.

Each side types the script twice. Closed loop: every answer is awaited, up to 20 s, and the
script's pause passes before the next key. Open loop: keys arrive on time and supersede what
is not answered. Only one side works at a time, each loop begins with an empty cache, and
nothing is judged before all clocks have stopped.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from fimble.bench import fimble_side
from fimble.bench.llama_vim import LlamaVim
from fimble.bench.replay import Seen, Side, closed_loop, open_loop
from fimble.bench.report import figures, judge, trace
from fimble.bench.script import Script

Peer = Callable[[], AbstractContextManager[LlamaVim]]
OnPart = Callable[[str], Callable[[int], None]]
"""From the title of a part of the run to what is told each keystroke's number."""


def run(script: Script, peer: Peer | None, on_part: OnPart, trace_file: Path | None = None) -> dict[str, Any]:
    """Type ``script`` and report, as ``fimble bench typing --json`` prints it."""
    loops: tuple[tuple[str, Callable[[Script, Side, Callable[[int], None]], list[Seen]]], ...] = (
        ("closed", closed_loop),
        ("open", open_loop),
    )
    ours: dict[str, list[Seen]] = {}
    theirs: dict[str, list[Seen]] = {}
    for name, loop in loops:
        with fimble_side.start(script) as side:
            ours[name] = loop(script, side, on_part(f"fimble, {name} loop"))
    peer_name = ""
    if peer is not None:
        with peer() as other:
            peer_name = other.name
            for name, loop in loops:
                other.clear()
                theirs[name] = loop(script, other, on_part(f"the peer, {name} loop"))
    mine = {name: judge(script, seen) for name, seen in ours.items()}
    result = figures(mine["closed"], mine["open"], None)
    records = [record for name, judged in mine.items() for record in trace("fimble", name, judged)]
    if peer is not None:
        its = {name: judge(script, seen) for name, seen in theirs.items()}
        result = figures(mine["closed"], mine["open"], its["closed"])
        result["peer"] = {"name": peer_name} | figures(its["closed"], its["open"], mine["closed"])
        records += [record for name, judged in its.items() for record in trace("peer", name, judged)]
    if trace_file is not None:
        lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        trace_file.write_text("".join(lines), encoding="utf-8")
    return result
