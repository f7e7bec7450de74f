"""A language server with nothing but a few entries for the completion popup: the other one beside fimble."""

from __future__ import annotations

import json
import sys
from typing import Any

LABELS = ("append", "clear", "zip_all")


def read() -> dict[str, Any]:
    """The next message; ends the process where there is none."""
    num_bytes = 0
    while line := sys.stdin.buffer.readline().strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            num_bytes = int(value)
    if not num_bytes:
        sys.exit(1)
    message: dict[str, Any] = json.loads(sys.stdin.buffer.read(num_bytes))
    return message


def answer(message: dict[str, Any], result: object) -> None:
    body = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    sys.stdout.buffer.flush()


def main() -> None:
    capabilities = {"completionProvider": {"triggerCharacters": ["."]}, "textDocumentSync": 1}
    results: dict[str, object] = {
        "initialize": {"capabilities": capabilities},
        "textDocument/completion": [{"label": label, "kind": 2} for label in LABELS],
    }
    while True:
        message = read()
        if message["method"] == "exit":
            sys.exit(0)
        if "id" in message:
            answer(message, results.get(message["method"]))


if __name__ == "__main__":
    main()
