"""Stands in for llama.cpp: gives what follows in the text ``argv[1]``, and notes what was asked in ``argv[2]``."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

target = Path(sys.argv[1]).read_text(encoding="utf-8")
delay_s = float(sys.argv[3])
with Path(sys.argv[2]).open("a", encoding="utf-8") as log:
    for line in sys.stdin:
        request = json.loads(line)
        if request == "clear":
            print("{}", flush=True)
            continue
        log.write(line)
        log.flush()
        time.sleep(delay_s)
        typed = request["prefix"].removeprefix("\n") + request["middle"]
        content = target[len(typed) :].partition("\n\n")[0] if target.startswith(typed) else ""
        answer = {"content": content, "num_prompt_tokens": 10, "num_reused_tokens": 4, "num_generated_tokens": 2}
        print(json.dumps(answer), flush=True)
