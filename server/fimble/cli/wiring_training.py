"""What ``fimble train`` is walked with: the model as it is served, its source, and the rooms that gather and train."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from fimble.config import Config
from fimble.errors import ConfigError, TrainingError

if TYPE_CHECKING:
    from fimble.cli.wiring import LoadedEngine
    from fimble.engine.onnx import OnnxEngine
    from fimble.engine.tokenizer import Tokenizer
    from fimble.training.card import Card
    from fimble.training.evaluate import Scorer
    from fimble.training.progress import OnProgress
    from fimble.training.records import Example
    from fimble.training.road import Tools
    from fimble.training.settings import Settings
    from fimble.training.tokens import Encoder
    from fimble.weights.adapter import Adapter
    from fimble.weights.manifest import Manifest
    from fimble.weights.progress import OnProgress as OnWeights

EXTRA_MODULES = ("torch", "transformers", "accelerate", "peft", "matplotlib", "datasketch")
SEARCH_MODULES = ("optuna",)
HUMAN_EVAL = "HumanEval-Infilling"


@dataclass(frozen=True, slots=True)
class Served:
    """The model to train as it is served, and the source that it was prepared from."""

    manifest: Manifest
    provider: str
    tokenizer: Tokenizer
    source: Path
    notes: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """Names the prepared files by their bytes, and the provider, which rounds in its own way."""
        listing = [f"{record.sha256} {name}\n" for name, record in sorted(self.manifest.files.items())]
        return hashlib.sha256("".join([self.provider, "\n", *listing]).encode()).hexdigest()


class AskedEngine:
    """The served model, loaded; what ``training.run`` calls ``Asked``."""

    def __init__(self, loaded: LoadedEngine) -> None:
        self._loaded = loaded
        self._engine: OnnxEngine = loaded.decoder

    def scorer(self, adapter: Adapter | None) -> Scorer:
        """What scores holes with ``adapter``. Raises ``AdapterInvalid``."""
        from fimble.cli.wiring import family_of
        from fimble.training.evaluate import Scorer

        self._engine.use(adapter)
        manifest = self._loaded.manifest
        family = family_of(manifest.prompt_family)
        return Scorer(self._engine, self._loaded.tokenizer, family, manifest.end_tokens)

    def close(self) -> None:
        self._engine.close()


def find_served(config: Config, source: Path | None, on_progress: OnWeights) -> Served:
    """The installed model and its source, looked at before hours of work rest on them.

    ``source``: a person's own file, where the model was prepared from one. Raises ``WeightsError`` and
    ``TrainingError`` where one of them is not there or they do not belong together.
    """
    from fimble.cli.wiring import load_engine
    from fimble.training.base import source_of
    from fimble.weights import catalog
    from fimble.weights import source as sources

    loaded = load_engine(config)
    provider, manifest = loaded.decoder.info.provider, loaded.manifest
    loaded.engine.close()
    if source is None:
        path = source_of(manifest.model, manifest.source_sha256, on_progress)
    else:
        own = sources.local(catalog.find(manifest.model), source, on_progress)
        if own.sha256 != manifest.source_sha256:
            raise TrainingError(
                f"{manifest.model} was not set up from {own.path}.",
                f"Name the file that it was set up from, or run `fimble setup {manifest.model} --from {own.path}`.",
            )
        path = own.path
    return Served(manifest, provider, loaded.tokenizer, path, loaded.notes)


def tools_for(
    root: Path,
    config: Config,
    served: Served,
    settings: Settings,
    allowed_licences: Sequence[str],
    shown: Mapping[str, Sequence[Example]],
) -> Tools:
    """Everything real."""
    from fimble.cli.wiring import family_of, load_engine
    from fimble.training.curves import svg
    from fimble.training.finetune import finetune
    from fimble.training.general import general_holes
    from fimble.training.progress import Phase, Progress
    from fimble.training.road import Tools
    from fimble.weights import manifest, store
    from fimble.weights.adapters import folder_for

    family = family_of(served.manifest.prompt_family)  # taught as it is asked

    def search(dataset: Path, chosen: Settings, out: Path, num_trials: int, tell: OnProgress) -> Settings:
        from fimble.training import trials

        found = trials.search(served.source, dataset, chosen, out, num_trials, tell, family=family)
        tell(Progress(Phase.DONE, note=trials.table(found)))
        return found.best

    def installed_sha256() -> str:
        return manifest.read(store.model_folder(served.manifest.model, served.manifest.precision)).source_sha256

    return Tools(
        fingerprint=served.fingerprint,
        base_sha256=installed_sha256,
        gather=gatherer(config, allowed_licences, settings.seed, (served.manifest.model, served.tokenizer)),
        general=general_holes,
        search=search,
        finetune=lambda dataset, chosen, out, tell: finetune(served.source, dataset, chosen, out, tell, family=family),
        load=lambda: AskedEngine(load_engine(replace(config, provider=served.provider))),
        draw=svg,
        adapter_folder=folder_for(root),
        shown=shown,
        hardware=hardware(settings, served),
    )


def gatherer(
    config: Config, allowed_licences: Sequence[str], seed: int, tokenizer: tuple[str, Encoder] | None = None
) -> Callable[[Path, Path, Callable[[str, float], None]], Card]:
    """What makes a repository's examples; ``tokenizer`` as ``dataset.make`` takes it."""
    from fimble.training import dataset

    def gather(root: Path, out: Path, tell: Callable[[str, float], None]) -> Card:
        settings = dataset.Settings(seed, licences=tuple(allowed_licences), disabled_paths=tuple(config.disabled_paths))
        place = dataset.check_place(out, root)
        made = dataset.make(root, settings, tokenizer, [place], tell)
        place.parent.mkdir(parents=True, exist_ok=True)
        dataset.write(made, place)
        return made.card

    return gather


def hardware(settings: Settings, served: Served) -> dict[str, str]:
    """What it was trained and measured on, by name, for the report."""
    from importlib.metadata import version

    import psutil

    from fimble import __version__
    from fimble.training.general import NAME
    from fimble.training.settings import place_of

    place = place_of(settings)
    return {
        "trained_on": f"{place.name}, {'bfloat16' if place.is_bf16 else 'float32'}",
        "measured_on": f"{served.provider}, {served.manifest.precision}",
        "processor": platform.processor() or platform.machine(),
        "cores": str(psutil.cpu_count(logical=False) or psutil.cpu_count() or 1),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "general_code": NAME,
        "programs": f"fimble {__version__}, torch {version('torch')}, peft {version('peft')}",
    }


def human_eval_holes(data: Path, num_items: int, seed: int) -> list[Example]:
    """Single-line holes of a HumanEval-Infilling file as an editor shows them.

    Raises ``DocumentError``, and ``ConfigError`` where the benchmarks are left out, as in an editor's installation.
    """
    try:
        from fimble.bench.fill import read_items
    except ImportError as error:
        raise ConfigError("This installation has no benchmarks.", "Install fimble with pip, not an editor.") from error
    from fimble.training.records import Example, Kind, Split

    examples = []
    for item in read_items(data, num_items, seed):
        prefix, suffix, middle = item.prefix, item.suffix, item.expected
        if item.is_line:  # its indentation is typed, and a line break stands behind the cursor
            num_blank = len(middle) - len(middle.lstrip())
            prefix, suffix, middle = prefix + middle[:num_blank], "\n" + suffix, middle[num_blank:].rstrip("\n")
        if middle.strip():
            examples.append(Example(Kind.FIM, Split.TEST, item.task, "python", "line", prefix, suffix, middle))
    return examples
