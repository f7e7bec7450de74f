"""How the daemon is, for who wants to know: asked over its own socket, and put into words."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fimble.daemon.hello import Reply

_ASK_S = 5.0


def ask(wants: str) -> Reply | None:
    """The answer of the daemon that runs; nothing where none does. Raises ``DaemonUnavailable``."""
    if sys.platform == "win32":
        return None
    from fimble.cli import through
    from fimble.daemon.launching import find

    met = find(through.here(), through.hello(wants=wants), _ASK_S)
    if met is None:
        return None
    met.socket.close()
    return met.reply


def lines(reply: Reply) -> list[str]:
    """What a person reads of it."""
    facts: dict[str, Any] = dict(reply.facts)
    uptime_s = int(facts.get("uptime_s", 0))
    said = [
        f"fimble {reply.version}, process {reply.pid}, for {uptime_s // 60} min {uptime_s % 60} s",
        f"windows   {facts.get('windows', 0)}",
        f"memory    {facts.get('memory_mb', 0)} MB",
    ]
    for model in facts.get("models", ()):
        state = "" if model.get("loaded") else ", its weights not in memory"
        said.append(
            f"model     {model.get('model')} on {str(model.get('provider')).upper()} for "
            f"{model.get('sessions')} of them{state}"
        )
    if "kv_mb" in facts:
        said.append(f"read      {facts['kv_mb']} of {facts.get('kv_cap_mb')} MB for what windows have read")
    if facts.get("index_pid"):
        said.append(f"index     process {facts['index_pid']}")
    return [*said, f"log       {facts.get('log', '')}"]
