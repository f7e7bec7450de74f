"""The data card: what a set of examples is made of, what was left out of it and why; for programs and for people."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from fimble.errors import TrainingError
from fimble.training.licences import RULE
from fimble.training.records import Example, Kind, Split
from fimble.training.tokens import Tokenisation

FORMAT = "fimble-dataset/1"
"""Which folders are datasets of fimble's."""
CARD, README = "card.json", "README.md"
_ON_THE_HUB = "apache-2.0 mit bsd-2-clause bsd-3-clause isc mpl-2.0 gpl-2.0 gpl-3.0 unlicense cc0-1.0"
_HUB_NAMES = frozenset(_ON_THE_HUB.split())
_TITLES = {
    Kind.FIM: "Holes in files",
    Kind.COMMENT_TO_CODE: "Comment or docstring to code",
    Kind.CODE_TO_DOCSTRING: "Code to docstring",
    Kind.EDIT: "Edits, before and after",
}


@dataclass(frozen=True, slots=True)
class Card:
    """All that is known of a dataset; ``card.json`` has the same names."""

    repository: str
    """The folder's name: a card may be published, and a path says where somebody lives."""
    created: str
    """ISO 8601."""
    seconds: float
    seed: int
    own_licences: Sequence[str]
    allowed_licences: Sequence[str]
    """Beside its own and permissive ones."""
    num_files: int
    num_chars: int
    files_by_language: Mapping[str, int]
    files_by_split: Mapping[str, int]
    files_left_out: Mapping[str, int]
    """Why -> how many; a folder that is not entered counts as one."""
    num_commits: int
    commits_passed_over: Mapping[str, int]
    history_note: str
    examples: Mapping[str, Mapping[str, int]]
    """Split -> kind -> how many."""
    examples_by_language: Mapping[str, int]
    examples_by_cut: Mapping[str, int]
    """The twenty most frequent."""
    examples_dropped: Mapping[str, int]
    """Why -> how many."""
    tokenisation: Tokenisation | None = None
    notes: Sequence[str] = field(default_factory=tuple)
    licence_rule: str = RULE
    format: str = FORMAT

    @property
    def num_examples(self) -> int:
        return sum(sum(kinds.values()) for kinds in self.examples.values())

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"num_examples": self.num_examples}


def counted(examples: Iterable[Example]) -> dict[str, dict[str, int]]:
    """Split -> kind -> how many, for ``Card.examples``."""
    counts: dict[str, dict[str, int]] = {split.value: {kind.value: 0 for kind in Kind} for split in Split}
    for one in examples:
        counts[one.split.value][one.kind.value] += 1
    return counts


def most(values: Iterable[str], num: int = 20) -> dict[str, int]:
    """The most frequent, the first of all first."""
    return dict(Counter(values).most_common(num))


def is_dataset(folder: Path) -> bool:
    """Whether fimble wrote the dataset in ``folder``."""
    try:
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(card, dict) and str(card.get("format", "")).startswith("fimble-dataset/")


def read_card(folder: Path) -> dict[str, Any]:
    """``card.json`` as it stands. Raises ``TrainingError`` where there is none."""
    if not is_dataset(folder):
        raise TrainingError(f"{folder} holds no dataset of fimble's.", "Make it with `fimble dataset`.")
    found: dict[str, Any] = json.loads((folder / CARD).read_text(encoding="utf-8"))
    return found


def readme(card: Card) -> str:
    """The card for people, with the front matter that Hugging Face ``datasets`` finds the splits by."""
    own = [name.lower() for name in card.own_licences]
    licence = own[0] if len(own) == 1 and own[0] in _HUB_NAMES else "other"
    lines = [
        "---",
        f"license: {licence}",
        "task_categories:",
        "- text-generation",
        "tags:",
        "- code",
        "- fill-in-the-middle",
        # said, because a column of times is else read as something other than text
        "dataset_info:",
        "  features:",
        *(line for one in fields(Example) for line in (f"  - name: {one.name}", "    dtype: string")),
        "configs:",
        "- config_name: default",
        "  data_files:",
        *(line for split in Split for line in (f"  - split: {split}", f"    path: {split}.jsonl")),
        "---",
        "",
        f"# What {card.repository} teaches",
        "",
        f"{card.num_examples} examples out of {card.num_files} files ({card.num_chars:,} characters) and "
        f"{card.num_commits} commits, made by `fimble dataset` on {card.created} in {card.seconds:.0f} s, "
        f"seed {card.seed}.",
        "",
        "## Examples",
        "",
        *_table(
            ["kind", *(split.value for split in Split)],
            [[_TITLES[kind], *(card.examples[split][kind] for split in Split)] for kind in Kind],
        ),
        "",
        f"Files: {', '.join(f'{card.files_by_split.get(split, 0)} {split}' for split in Split)}. They are split by a "
        "hash of their path, those that are nearly the same together; edits go with their file, and the newest commits "
        "never train. A held-out example that stands word for word in what trains is dropped.",
        "",
        *_counts("Languages", "examples", card.examples_by_language),
        *_counts("Where holes were cut", "examples", card.examples_by_cut),
        "## Licences",
        "",
        f"The repository's own: {', '.join(card.own_licences) or 'none is named'}. "
        f"Allowed beside it: {', '.join(card.allowed_licences) or 'permissive ones only'}.",
        "",
        card.licence_rule,
        "",
        *_counts("Files left out", "files or folders", card.files_left_out),
        *_counts("Examples dropped", "examples", card.examples_dropped),
        *_counts("Commits passed over", "commits", card.commits_passed_over),
    ]
    if card.tokenisation is not None:
        lines += ["## Tokenisation", "", *_table(["of", "is"], _figures(card.tokenisation)), ""]
    notes = [*([card.history_note] if card.history_note else []), *card.notes]
    if notes:
        lines += ["## Notes", "", *(f"- {note}" for note in notes), ""]
    return "\n".join(lines)


def _figures(of: Tokenisation) -> list[list[object]]:
    rows: list[list[object]] = [
        ["Tokenizer", of.model],
        ["Characters a token, code", of.code_chars_per_token],
        ["Characters a token, English", of.english_chars_per_token],
        ["Characters a token, Chinese", of.chinese_chars_per_token],
        ["Tokens a name", of.tokens_per_identifier],
        ["Names that are one token", of.whole_identifier_share],
        ["Chinese in what is said", of.chinese_share],
        ["Tokens that train", of.training_tokens],
        ["Of these, to be written", of.answer_tokens],
    ]
    rows += [[f"Tokens to write, {kind} (mean)", mean] for kind, mean in of.middle_tokens.items()]
    return [[name, "-" if value is None else value] for name, value in rows]


def _counts(title: str, what: str, counts: Mapping[str, int]) -> list[str]:
    if not counts:
        return []
    return [f"## {title}", "", *_table([title.lower(), what], [[name, num] for name, num in counts.items()]), ""]


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    cells = [[str(cell).replace("|", "\\|") for cell in row] for row in (head, *rows)]
    first, *rest = (f"| {' | '.join(row)} |" for row in cells)
    return [first, f"|{'|'.join(['---'] + ['---:'] * (len(head) - 1))}|", *rest]
