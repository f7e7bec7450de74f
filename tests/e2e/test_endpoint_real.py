"""A server that others wrote, llama.cpp's, is the endpoint: the same model as here, asked over HTTP."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, cast

import pytest

from fimble.cli.wiring_remote import generator_on, remote_engine
from fimble.config import Config
from fimble.engine.base import CancelToken, GenerateRequest
from fimble.engine.remote.engine import RemoteEngine
from fimble.engine.remote.pieces import Mark, Pieces
from fimble.errors import EndpointRefused, FimbleError
from fimble.features.generation.generator import Task
from fimble.prompt.chat import Message, Role
from fimble.weights import catalog, store
from tests.e2e.editor import REAL_SERVER, Editor

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("xllamacpp") is None,
    reason="xllamacpp, a wheel of llama.cpp's server, is not installed: no endpoint that others wrote is asked",
)
PATIENCE_S = 300
"""This build of it knows no vector instructions to speak of: on a busy machine a token takes seconds."""
PIECES = Pieces()
STATUS = {"experimental": {"fimble": {"status": True}}, "textDocument": {"inlineCompletion": {}}}


class LlamaServer:
    """In a process of its own; a context manager."""

    def __init__(self, file: Path) -> None:
        self.file, self.port = file, 0
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """On the port of before, if there was one."""
        script = Path(__file__).with_name("llama_server.py")
        self.process = subprocess.Popen(
            [sys.executable, str(script), str(self.file), str(self.port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.url = f"{cast(IO[str], self.process.stdout).readline().strip()}/v1"
        self.port = int(self.url.split(":")[2].partition("/")[0])

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.communicate()

    def __enter__(self) -> LlamaServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


@pytest.fixture(scope="module")
def file(default_model: str) -> Path:
    """The model's weights as llama.cpp reads them."""
    wanted = catalog.find(default_model).file
    return store.source_folder(wanted.sha256) / wanted.name


@pytest.fixture(scope="module")
def server(file: Path) -> Iterator[LlamaServer]:
    with LlamaServer(file) as server:
        yield server


@pytest.fixture(scope="module")
def engine(server: LlamaServer) -> Iterator[RemoteEngine]:
    engine = remote_engine(Config(endpoint=server.url, endpoint_key="k3y", endpoint_timeout_s=PATIENCE_S))
    assert engine.line.standing.error is None
    yield engine
    engine.close()


def prompt_for(before: str, after: str) -> tuple[int, ...]:
    return (
        *(Mark.PREFIX.id, *PIECES.encode(before)),
        *(Mark.SUFFIX.id, *PIECES.encode(after)),
        Mark.MIDDLE.id,
    )


def test_it_says_what_it_is(engine: RemoteEngine) -> None:
    about = engine.line.about
    assert (about.model, about.owner, about.context_length) == ("qwen2.5-coder-0.5b", "llamacpp", 2048)


def test_it_fills_the_middle(engine: RemoteEngine) -> None:
    request = GenerateRequest(prompt_for("def add(a, b):\n    return a +", "\n\nprint(add(1, 2))\n"), 4)
    tokens = list(engine.generate(request))
    assert PIECES.decode([token.id for token in tokens]).startswith(" b")
    assert all(token.logprob < 0 for token in tokens[:1])


def test_a_half_word_is_finished(engine: RemoteEngine) -> None:
    request = GenerateRequest(
        prompt_for("def add(first, second):\n    return first +", "\n"), 6, constraint=PIECES.begins_with(" sec")
    )
    text = PIECES.decode([token.id for token in engine.generate(request)])
    assert text.startswith(" second")


def test_it_follows_an_instruction(engine: RemoteEngine) -> None:
    said: list[str] = []
    task = Task(
        (Message(Role.USER, "Write a Python function one() that returns 1. Code only."),),
        check=lambda _: (),
        start="```python\n",
        is_over=lambda text: text.count("\n") > 1,
        max_tokens=64,
    )
    generator_on(engine).generate(task, CancelToken(), said.append, max_attempts=1)
    assert said[-1].startswith("```python\ndef one(")


def test_it_is_cancelled(server: LlamaServer, engine: RemoteEngine) -> None:
    tokens = iter(engine.generate(GenerateRequest(prompt_for("x = [1, 2, 3", "\n"), 1000)))
    next(tokens)
    tokens.close()  # type: ignore[attr-defined]
    assert list(engine.generate(GenerateRequest(prompt_for("x = [1, 2", "\n"), 1))), "its one slot is free again"


def test_a_wrong_key_is_refused(server: LlamaServer) -> None:
    config = Config(endpoint=server.url, endpoint_key="wrong", endpoint_timeout_s=PATIENCE_S)
    engine = remote_engine(config)
    with pytest.raises(EndpointRefused, match="refuses the key"):
        engine.line.standing.refuse()
    engine.close()
    engine = remote_engine(replace(config, endpoint_key="k3y", endpoint=f"{server.url}/wrong"))
    with pytest.raises(FimbleError, match="answers 404"):
        engine.line.standing.refuse()
    engine.close()


def test_it_goes_and_comes_back_while_somebody_writes(file: Path, tmp_path: Path) -> None:
    with LlamaServer(file) as server:
        environ = {
            "FIMBLE_HOME": str(tmp_path),
            "XDG_CONFIG_HOME": str(tmp_path),
            "FIMBLE_INDEX": "off",
            "FIMBLE_MAX_LINE_TOKENS": "8",
            "FIMBLE_ENDPOINT": server.url,
            "FIMBLE_ENDPOINT_KEY": "k3y",
            "FIMBLE_ENDPOINT_TIMEOUT_S": str(PATIENCE_S),
        }
        with Editor("--in-process", command=REAL_SERVER, environ=environ) as editor:
            editor.initialize(capabilities=STATUS)
            editor.wait_ready(PATIENCE_S)
            assert ghost_text(editor, "file:///project/first.py")
            server.kill()
            assert ghost_text(editor, "file:///project/second.py") == []
            editor.wait_said("didChangeStatus", "offline: ")
            server.start()
            seen = len(editor.said("didChangeStatus"))
            editor.wait(
                lambda _: any(said["kind"] == "Normal" for said in editor.said("didChangeStatus")[seen:]), PATIENCE_S
            )
            assert ghost_text(editor, "file:///project/third.py")
            assert "k3y" not in editor.stderr + str(editor.received)


def ghost_text(editor: Editor, uri: str) -> list[Any]:
    """What is suggested to a person who asks in a new document."""
    editor.open("def add(first, second):\n    return first +", uri)
    found: list[Any] = editor.items(editor.ask_completion(1, 18, uri, invoked=True), PATIENCE_S)
    return found
