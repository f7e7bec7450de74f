"""The file that describes a model from nothing: what is right is read, what is not is named with its key."""

from __future__ import annotations

from pathlib import Path

import pytest

from fimble.errors import ConfigError
from fimble.training.configuration import ModelKind, read_configuration

MODELS = Path(__file__).parents[3] / "models" / "tiny"
TEXT = """
name = "mine"
kind = "decoder"
layers = 2
hidden = 64
heads = 4
kv_heads = 2
feed_forward = 96
vocabulary = 400
context = 256
epochs = 3
batch = 4
learning_rate = 0.001
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", list(ModelKind))
def test_the_shipped_ones_are_read(kind: ModelKind) -> None:
    found = read_configuration(MODELS / f"{kind}.toml")
    assert (found.name, found.kind) == (f"tiny-{kind}", kind)
    assert found.num_parameters < 1_000_000


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    found = read_configuration(written(tmp_path, TEXT.replace("kv_heads = 2\n", "")))
    assert (found.kv_heads, found.seed, found.data) == (4, 1, None)
    found = read_configuration(written(tmp_path, TEXT + 'data = "there"\nseed = 7\n'))
    assert (found.data, found.seed) == (tmp_path / "there", 7)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("layers = 2", "layers = 0", "layers must be a whole number from 1 to 64, not 0"),
        ("layers = 2", "layers = 2.5", "layers must be a whole number"),
        ("layers = 2", "layers = true", "layers must be a whole number"),
        ("layers = 2\n", "", "layers is missing"),
        ("hidden = 64", "hidden = 72", "hidden must be a multiple of 32"),
        ("hidden = 64", "hidden = 4_000_000_000", "hidden must be a whole number from 32 to 8192"),
        ("heads = 4", "heads = 3", "heads must cut hidden"),
        ("heads = 4", "heads = 8", "heads must cut hidden"),
        ("kv_heads = 2", "kv_heads = 3", "kv_heads must divide heads"),
        ('kind = "decoder"', 'kind = "encoder-decoder"', "kv_heads must be left out"),
        ("feed_forward = 96", "feed_forward = 100", "feed_forward must be a multiple of 32"),
        ("vocabulary = 400", "vocabulary = 256", "vocabulary must be a whole number from 272"),
        ("context = 256", "context = 1_000_000", "context must be a whole number from 128 to 32768"),
        ("learning_rate = 0.001", "learning_rate = nan", "learning_rate must be a number"),
        ("learning_rate = 0.001", "learning_rate = -1", "learning_rate must be a number"),
        ('kind = "decoder"', 'kind = "diffusion"', "kind must be one of decoder, encoder-decoder, not 'diffusion'"),
        ('kind = "decoder"', "kind = 3", "kind must be one of"),
        ('name = "mine"', 'name = "../mine"', "name must be a name"),
        ("layers = 2", 'layers = 2\ndata = ""', "data must be the path"),
        ("layers = 2", "layers = 2\nwidth = 3", "width is not a key of such a file; the keys are batch,"),
        ("layers = 2", "layers = ", "is not TOML"),
    ],
)
def test_what_has_no_meaning_is_named(tmp_path: Path, old: str, new: str, problem: str) -> None:
    assert old in TEXT
    with pytest.raises(ConfigError, match=problem) as failure:
        read_configuration(written(tmp_path, TEXT.replace(old, new)))
    assert "mine.toml" in str(failure.value)


def test_what_no_machine_can_hold_is_refused_before_it_is_tried(tmp_path: Path) -> None:
    huge = TEXT
    for key, value in (("layers = 2", "layers = 64"), ("hidden = 64", "hidden = 8192"), ("heads = 4", "heads = 64")):
        huge = huge.replace(key, value)
    huge = huge.replace("feed_forward = 96", "feed_forward = 32768").replace("batch = 4", "batch = 4096")
    huge = huge.replace("context = 256", "context = 32768").replace("vocabulary = 400", "vocabulary = 262144")
    with pytest.raises(ConfigError, match="GB to train, and this machine has") as failure:
        read_configuration(written(tmp_path, huge))
    assert "Lower layers" in failure.value.hint


def test_a_file_that_is_none_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_configuration(tmp_path / "absent.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_configuration(tmp_path / "binary.toml")
