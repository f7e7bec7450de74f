"""The whole road of a model that the graph writer does not know: a folder in, a completion in the editor out.

A tiny CodeGen that has learned one file by heart, added by the command that a person runs, served by the server that
an editor starts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from fimble.weights import manifest
from fimble.weights.export import can_export
from tests.e2e.editor import REAL_SERVER, ROOT, Editor
from tests.unit import random_models

pytestmark = pytest.mark.skipif(not can_export(), reason="optimum is not installed")

TEXT = '''"""Everything about one bicycle: how it is read, changed and logged."""

import logging

from shop.store import Missing, Store

log = logging.getLogger(__name__)


def set_status(store: Store, key: int, status: str) -> Bicycle:
    """Change the status of one bicycle and write it to the log."""
    found = store.find(key)
    if found is None:
        raise Missing("bicycle", key)
    changed = replace(found, status=status)
    store.put(key, changed)
    return changed
'''
IDIOM = "find(key)"
LINE = TEXT[: TEXT.index(IDIOM)].count("\n")
COLUMN = len("    found = store.")
NUM_STEPS = 120


def learn_by_heart(model: Any, tokenizer: Tokenizer) -> None:
    """The file, cut into tokens as prompts are: what stands before some place, and what comes then."""
    import torch

    def ids(text: str) -> list[int]:
        found: list[int] = tokenizer.encode(text, add_special_tokens=False).ids
        return found

    ends = [place for place, sign in enumerate(TEXT) if sign == "\n"]
    cuts = [0, *ends, TEXT.index(".find"), TEXT.index(".find") + 1]
    lessons = [torch.tensor([ids(TEXT[:cut]) + ids(TEXT[cut:])]) for cut in cuts]
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    model.train()
    for step in range(NUM_STEPS):
        lesson = lessons[step % len(lessons)]
        model(lesson, labels=lesson).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.eval()


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Of a home in which the model was added."""
    import torch

    folder, home = tmp_path_factory.mktemp("road") / "By Heart", tmp_path_factory.mktemp("home")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        model = random_models.write_source(random_models.DECODERS["codegen"], folder)
        for weights in model.parameters():
            if weights.dim() > 1:
                weights.data *= 0.2  # sharp at random is hard to teach
        learn_by_heart(model, Tokenizer.from_file(str(folder / "tokenizer.json")))
        model.config.n_positions = 2048  # room for the whole file before the cursor; positions are relative
        model.save_pretrained(str(folder), safe_serialization=True)
    finally:
        torch.set_num_threads(before)
    (folder / "README.md").write_text("---\nlicense: mit\n---\n", encoding="utf-8")
    own = {"FIMBLE_HOME": str(home), "FIMBLE_RECORD_ACCEPTANCE": "0", "FIMBLE_PROVIDER": "cpu"}
    added = fimble(own, "models", "add", str(folder), "--accept-licence")
    assert "by-heart is ready" in added
    assert "optimum" in added
    return {**own, "FIMBLE_MODEL": "by-heart", "FIMBLE_THOROUGH": "0"}


def fimble(environ: dict[str, str], *arguments: str) -> str:
    """Run a command as a person does. Returns what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "fimble", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT / "server"), **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Traceback" not in done.stderr
    return done.stdout


def test_it_lies_whole_in_its_folder_and_was_compared(environ: dict[str, str]) -> None:
    (folder,) = (Path(environ["FIMBLE_HOME"]) / "models" / "by-heart").iterdir()
    found = manifest.load_installed(folder)
    manifest.check_bytes(folder, found)
    assert (found.architecture, found.prompt_family, found.is_growing) == ("codegen", "plain", True)
    assert found.verification["agreement"] >= 0.95


def test_the_command_line_completes_the_line(environ: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "bicycle.py"
    file.write_text(TEXT.replace(IDIOM, ""), encoding="utf-8")
    answer = json.loads(fimble(environ, "complete", f"{file}:{LINE + 1}:{COLUMN + 1}", "--json"))
    assert (answer["text"], answer["model"]) == (IDIOM, "by-heart")


def test_an_editor_is_given_the_line_and_keeps_it_while_it_is_typed(environ: dict[str, str]) -> None:
    text = TEXT.replace(IDIOM, "")
    with Editor("--log-level", "info", command=REAL_SERVER, environ=environ) as editor:
        editor.start()
        editor.open(text)
        (item, *_) = editor.complete(LINE, COLUMN, invoked=True)
        assert item["insertText"] == IDIOM
        lines = text.split("\n")
        lines[LINE] += "fi"
        editor.change(2, {"text": "\n".join(lines)})
        (item, *_) = editor.complete(LINE, COLUMN + 2, invoked=True)
        assert item["insertText"] == IDIOM.removeprefix("fi")
        assert editor.shut_down() == 0
