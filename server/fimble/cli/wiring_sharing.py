"""What ``daemon.sharing`` is handed: who finds, opens and uses the models that sessions share."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fimble.cli import wiring
from fimble.cli.installed import Installed, installed_for
from fimble.cli.wiring_remote import or_endpoint
from fimble.config import Config

if TYPE_CHECKING:
    from fimble.context.elsewhere import Elsewhere
    from fimble.daemon.sharing import Sharing
    from fimble.engine.memory import KvMemory
    from fimble.engine.runner import Runner
    from fimble.engine.seq2seq_session import Seq2SeqSession
    from fimble.engine.session import DecoderSession
    from fimble.engine.tokenizer import Tokenizer
    from fimble.lsp.model import LoadedModel


@dataclass(frozen=True, slots=True)
class OpenedModel:
    """What all sessions of a model have in common."""

    installed: Installed
    graph: DecoderSession | Seq2SeqSession
    tokenizer: Tokenizer

    @property
    def name(self) -> str:
        return self.installed.manifest.model


class ModelMakers:
    """``daemon.sharing.Makers``, for what is installed on this machine."""

    def find(self, config: Config) -> Hashable:
        """Sessions share a model where folder, provider and threads are the same, and nobody has put another model into
        the folder; nothing where an endpoint answers."""
        if config.endpoint:
            return None
        found = installed_for(config)
        return found.folder, _identity(found.folder / "graph.onnx"), found.provider, config.num_threads

    def open(self, config: Config) -> OpenedModel:
        """Load it and run it once, so that the first request does not pay for what is touched first."""
        from fimble.engine.tokenizer import Tokenizer

        found = installed_for(config)
        tokenizer = Tokenizer(found.folder / "tokenizer.json")
        opened = OpenedModel(found, wiring.open_graph(found, config.num_threads), tokenizer)
        wiring.warm_up(wiring.engine_on(config, found, opened.graph, tokenizer))
        return opened

    def lend(
        self,
        opened: OpenedModel,
        config: Config,
        elsewhere: Elsewhere,
        adjustment: Callable[[], float],
        runner: Runner,
        memory: KvMemory,
    ) -> wiring.LoadedModel:
        """One session's engine on it, and the features."""
        loaded = wiring.engine_on(config, opened.installed, opened.graph, opened.tokenizer, memory, runner)
        return wiring.LoadedModel(loaded, config, elsewhere, adjustment)

    def alone(
        self,
        config: Config,
        elsewhere: Elsewhere,
        adjustment: Callable[[], float],
        on_progress: Callable[[str], None],
    ) -> LoadedModel:
        """As without a daemon."""
        return or_endpoint(wiring.load_feature)(config, elsewhere, adjustment, on_progress)


def _identity(graph: Path) -> tuple[int, int]:
    """Of the file that is there now: a model that is prepared anew has files of its own."""
    found = graph.stat()
    return found.st_ino, found.st_mtime_ns


def new_sharing() -> Sharing[OpenedModel]:
    """For the sessions of one process; nothing is loaded yet."""
    from fimble.daemon.sharing import Sharing

    return Sharing(ModelMakers())
