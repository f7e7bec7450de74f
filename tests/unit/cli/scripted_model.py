"""A model that says what a test tells it, in place of the one that commands load."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from typer.testing import CliRunner

from fimble.cli.app import app
from fimble.cli.wiring import LoadedEngine
from fimble.engine.fake import ScriptedEngine
from fimble.weights.chat import ChatFormat
from fimble.weights.manifest import Manifest
from tests.unit.cursor_mark import CharTokenizer

END = 0x10FFFF
TEMPLATE = "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}[assistant]"
MODEL = "scripted"


class _Tokenizer(CharTokenizer):
    def encode_marked(self, text: str) -> list[int]:
        return self.encode(text)


@dataclass
class ScriptedModel:
    """Says ``answers`` in turn. ``template`` is empty for a model that was not taught to follow instructions."""

    answers: list[str] = field(default_factory=list)
    template: str = TEMPLATE
    meanwhile: Callable[[], object] = int
    """Happens while the model writes."""
    num_loaded: int = 0
    num_closed: int = 0
    prompts: list[str] = field(default_factory=list)

    def load(self, config: object) -> LoadedEngine:
        self.num_loaded += 1
        tokenizer = _Tokenizer()
        model = self

        class Engine(ScriptedEngine):
            def close(self) -> None:
                model.num_closed += 1

        def script(prompt: tuple[int, ...]) -> list[list[int]]:
            self.prompts.append(tokenizer.decode(prompt))
            self.meanwhile()
            return [[*tokenizer.encode(self.answers.pop(0)), END]]

        manifest = Manifest(
            MODEL, "int8", "qwen2", "a" * 64, "qwen2.5-coder", 64, 32, 2, 1, 8, (END,), ChatFormat(self.template)
        )
        return LoadedEngine(Engine(script), tokenizer, manifest, ("A note.",))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    raw: bytes
    """Standard output as it was written."""
    err: str


def installed(monkeypatch: pytest.MonkeyPatch, *answers: str, template: str = TEMPLATE) -> ScriptedModel:
    """Let every command load a model that says ``answers``."""
    model = ScriptedModel(list(answers), template)
    monkeypatch.setattr("fimble.cli.wiring.load_engine", model.load)
    return model


def ran(*arguments: str, piped: str | bytes = "") -> Ran:
    """Run a command as the program does. Raises the ``FimbleError`` that it ends with."""
    result = CliRunner().invoke(app, arguments, input=piped)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout, result.stdout_bytes, result.stderr)
