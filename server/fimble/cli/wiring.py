"""Where objects are made and joined: configuration -> model folder -> engine -> feature.

Everything heavy (onnxruntime, numpy, tokenizers) is imported inside the functions, so
that a command which needs none of it starts at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fimble.cli.installed import PRECISIONS, Installed, choose_provider, installed_for
from fimble.cli.wiring_instructed import actions_on, english_on
from fimble.config import Config
from fimble.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from fimble.context.elsewhere import Elsewhere
    from fimble.engine.memory import KvMemory
    from fimble.engine.onnx import OnnxEngine
    from fimble.engine.runner import Runner
    from fimble.engine.seq2seq import Seq2SeqEngine
    from fimble.engine.seq2seq_session import Seq2SeqSession
    from fimble.engine.session import DecoderSession
    from fimble.engine.tokenizer import Tokenizer
    from fimble.prompt.templates import Family
    from fimble.weights.manifest import Manifest


@dataclass(frozen=True, slots=True)
class LoadedEngine:
    """An engine, its tokenizer, and what its folder says of it."""

    engine: OnnxEngine | Seq2SeqEngine
    tokenizer: Tokenizer
    manifest: Manifest
    notes: tuple[str, ...]
    """What a person should know, such as why the CPU is used."""

    @property
    def decoder(self) -> OnnxEngine:
        """The engine, for who measures its inside. Raises ``ConfigError`` for an encoder-decoder."""
        from fimble.engine.onnx import OnnxEngine

        if not isinstance(self.engine, OnnxEngine):
            raise ConfigError(f"{self.manifest.model} is an encoder-decoder.", "Choose a decoder.")
        return self.engine


class LoadedModel:
    """A model ready to answer an editor."""

    def __init__(
        self, loaded: LoadedEngine, config: Config, elsewhere: Elsewhere | None, adjustment: Callable[[], float]
    ) -> None:
        from fimble.features.tuning import Tuning

        self.loaded = loaded
        self._elsewhere, self._adjustment = elsewhere, adjustment
        root_of = elsewhere.root_of if elsewhere is not None else lambda _: ""
        self._tuning = Tuning(loaded.engine, loaded.manifest.source_sha256, root_of)
        self.configure(config)

    def configure(self, config: Config) -> None:
        """Go on with other options; what was kept under the old ones is forgotten. On the engine's thread."""
        from fimble.cli.wiring_index import index_readers
        from fimble.features.inline import InlineFeature
        from fimble.features.tuned import TunedActions, TunedInline

        loaded, tuning = self.loaded, self._tuning
        tuning.choose(config.adapters)
        if self._elsewhere is not None:
            self._elsewhere.consult(index_readers(config))
        family = family_of(loaded.manifest.prompt_family)
        self.feature = TunedInline(
            tuning,
            lambda pace: InlineFeature(
                loaded.engine, loaded.tokenizer, family, config, self._elsewhere, self._adjustment, pace=pace
            ),
        )
        actions, english = actions_on(loaded, config.run_examples), english_on(loaded)
        self.actions = TunedActions(tuning, actions) if actions is not None else None
        """Nothing where the model was not taught to follow instructions."""

        def in_english(question: str) -> str:
            tuning.use_none()
            return english(question) if english is not None else ""

        self.english: Callable[[str], str] | None = in_english if english is not None else None

    def listen(self, on_problems: Callable[[tuple[str, ...]], None]) -> None:
        """From now on tell why a workspace's adapter is not used, whenever that changes; on the engine's thread."""
        self._tuning.listen(on_problems)

    @property
    def model(self) -> str:
        return self.loaded.engine.info.model

    @property
    def provider(self) -> str:
        return self.loaded.engine.info.provider

    @property
    def endpoint(self) -> str:
        """None: no code leaves this machine."""
        return ""

    @property
    def notes(self) -> tuple[str, ...]:
        return self.loaded.notes

    @property
    def is_asleep(self) -> bool:
        """Never: its weights stay as long as it does."""
        return False

    def wake(self) -> None:
        """Nothing is to be done."""

    def close(self) -> None:
        self.loaded.engine.close()


def load_feature(
    config: Config,
    elsewhere: Elsewhere | None = None,
    adjustment: Callable[[], float] = lambda: 0.0,
    on_progress: Callable[[str], None] = lambda _: None,
) -> LoadedModel:
    """Load ``config.model`` and warm it up. Raises ``WeightsError`` or ``EngineError`` with what to do."""
    on_progress(f"loading {config.model}")
    loaded = load_engine(config)
    on_progress("warming up")
    warm_up(loaded)
    return LoadedModel(loaded, config, elsewhere, adjustment)


def load_engine(config: Config) -> LoadedEngine:
    """The engine for ``config.model``; errors as in ``load_feature``."""
    from fimble.engine.tokenizer import Tokenizer

    found = installed_for(config)
    tokenizer = Tokenizer(found.folder / "tokenizer.json")
    return engine_on(config, found, open_graph(found, config.num_threads), tokenizer)


def open_graph(found: Installed, num_threads: int) -> DecoderSession | Seq2SeqSession:
    """Its weights, loaded. Raises ``ModelFolderInvalid``, ``ProviderUnavailable``."""
    from fimble.engine.seq2seq_session import Seq2SeqSession
    from fimble.weights.manifest import SEQ2SEQ

    if found.manifest.architecture in SEQ2SEQ:
        return Seq2SeqSession(found.folder, num_threads)
    return opener_for(found.manifest)(found.folder / "graph.onnx", found.provider, num_threads)


def engine_on(
    config: Config,
    found: Installed,
    graph: DecoderSession | Seq2SeqSession,
    tokenizer: Tokenizer,
    memory: KvMemory | None = None,
    runner: Runner | None = None,
) -> LoadedEngine:
    """An engine on loaded weights, with ``config``'s limits. ``memory`` and ``runner`` where others share them.

    Raises ``ModelFolderInvalid`` where an encoder-decoder lacks its marks.
    """
    from fimble.engine.onnx import OnnxEngine
    from fimble.engine.seq2seq import Seq2SeqEngine, marks_of
    from fimble.engine.seq2seq_session import Seq2SeqSession

    model, length = found.manifest.model, min(config.context_length, found.manifest.context_length)
    engine: OnnxEngine | Seq2SeqEngine
    if isinstance(graph, Seq2SeqSession):
        engine = Seq2SeqEngine(
            graph,
            model,
            marks_of(tokenizer),
            context_length=length,
            kv_cache_mb=config.kv_cache_mb,
            memory=memory,
            runner=runner,
        )
    else:
        engine = OnnxEngine(
            graph, model, context_length=length, kv_cache_mb=config.kv_cache_mb, memory=memory, runner=runner
        )
    return LoadedEngine(engine, tokenizer, found.manifest, found.notes)


def family_of(name: str) -> Family:
    """The prompt family of that name. Raises ``ConfigError``."""
    from fimble.prompt.templates import FAMILIES

    if name not in FAMILIES:
        raise ConfigError(f"There is no prompt family {name!r}.", f"The families are {', '.join(FAMILIES)}.")
    return FAMILIES[name]


def runner_for(folder: Path, manifest: Manifest, num_logits: int) -> Callable[[Sequence[int]], npt.NDArray[np.float32]]:
    """From token ids to the logits ``[num_logits, vocabulary]`` of the last of them, for ``weights.verify``."""
    from fimble.weights.manifest import SEQ2SEQ

    if manifest.architecture in SEQ2SEQ:
        from fimble.engine.seq2seq import marks_of
        from fimble.engine.seq2seq_session import Seq2SeqSession
        from fimble.engine.tokenizer import Tokenizer

        pair, marks = Seq2SeqSession(folder), marks_of(Tokenizer(folder / "tokenizer.json"))
        place = 1 - num_logits
        return lambda tokens: pair.answered(*marks.split(tokens[: len(tokens) + place]), tokens[len(tokens) + place :])
    provider = choose_provider("cuda")[0] if manifest.precision == PRECISIONS["cuda"] else "cpu"
    session = opener_for(manifest)(folder / "graph.onnx", provider, 0)
    cache = session.new_cache(min(1024, manifest.context_length))
    return lambda tokens: session.run(tokens, cache, 0, num_logits=num_logits)


def opener_for(manifest: Manifest) -> Callable[[Path, str, int], DecoderSession]:
    """What loads the graph of a decoder: from its file, for a provider, on so many threads."""
    if manifest.is_growing:
        from fimble.engine.growing import open_growing

        return open_growing
    from fimble.engine.session import Session

    return Session


def warm_up(loaded: LoadedEngine) -> None:
    """Run once, so that the first request does not pay for memory and code being touched first."""
    from fimble.engine.base import GenerateRequest

    _ = loaded.tokenizer.vocabulary
    for _ in loaded.engine.generate(GenerateRequest(prompt=tuple(range(16)), max_tokens=2)):
        pass
    loaded.engine.forget()
