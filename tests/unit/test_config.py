"""Options: layers in their order, and every bad one told and left out."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from fimble import config
from fimble.config import Config
from fimble.errors import ConfigError


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    return tmp_path / "fimble.toml"


def test_without_anything_the_defaults_hold(toml: Path) -> None:
    assert config.load({}, toml) == (Config(), [])


def test_the_environment_is_stronger_than_the_file(toml: Path) -> None:
    toml.write_text('model = "from-file"\nprompt_tokens = 256\n', encoding="utf-8")
    found, complaints = config.load({"FIMBLE_MODEL": "from-environment"}, toml)
    assert (found.model, found.prompt_tokens, complaints) == ("from-environment", 256, [])


def test_an_editors_options_are_laid_over_what_is_there() -> None:
    found, complaints = config.apply(Config(prompt_tokens=256), {"provider": "cpu"}, "initializationOptions")
    assert (found.provider, found.prompt_tokens, complaints) == ("cpu", 256, [])


def test_numbers_come_out_of_the_environment_as_numbers(toml: Path) -> None:
    found, complaints = config.load({"FIMBLE_NUM_THREADS": "3", "FIMBLE_KV_CACHE_MB": "64"}, toml)
    assert (found.num_threads, found.kv_cache_mb, complaints) == (3, 64, [])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("num_threads", -1),
        ("num_threads", 257),
        ("num_threads", 2.0),
        ("num_threads", True),
        ("num_threads", "2"),
        ("context_length", 255),
        ("max_line_tokens", 0),
        ("provider", "rocm"),
        ("provider", None),
        ("model", ""),
        ("model", 7),
        ("modle", "x"),
    ],
)
def test_a_bad_option_is_named_and_the_default_stays(name: str, value: Any) -> None:
    found, complaints = config.apply(Config(), {name: value}, "here")
    assert found == Config()
    assert len(complaints) == 1
    assert complaints[0].startswith(f"here: {name} ")


def test_a_bad_option_does_not_take_good_ones_with_it(toml: Path) -> None:
    toml.write_text('provider = "npu"\nprompt_tokens = 128\n', encoding="utf-8")
    found, complaints = config.load({"FIMBLE_KV_CACHE_MB": "lots"}, toml)
    assert found == Config(prompt_tokens=128)
    assert [complaint.split(" must ")[0] for complaint in complaints] == [
        f"{toml}: provider",
        "environment: kv_cache_mb",
    ]


def test_private_paths_that_cannot_be_read_make_everything_private() -> None:
    found, complaints = config.apply(Config(), {"disabled_paths": "secret/"}, "initializationOptions")
    assert found.disabled_paths == config.EVERYTHING and "no file is read" in complaints[0]


@pytest.mark.parametrize("content", [b"model = ", b"\xff\xfe", b"= 1"])
def test_a_file_that_cannot_be_read_is_told_and_nothing_else_is_read_then(toml: Path, content: bytes) -> None:
    """It may say what is private."""
    toml.write_bytes(content)
    found, complaints = config.load({}, toml)
    assert found == Config(disabled_paths=config.EVERYTHING)
    assert len(complaints) == 1
    assert str(toml) in complaints[0]


def test_the_ends_of_every_range_are_allowed() -> None:
    for name, ends in config._RANGES.items():
        for value in ends:
            assert config.apply(Config(), {name: value}, "here")[1] == [], name


def test_every_default_is_in_its_own_range() -> None:
    defaults = {field.name: getattr(Config(), field.name) for field in fields(Config)}
    assert config.apply(Config(), defaults, "defaults") == (Config(), [])


@pytest.mark.parametrize("value", ["--5", "²", "5-", "1" * 5000, ""])
def test_what_only_looks_like_a_number_is_a_complaint(value: str, toml: Path) -> None:
    found, complaints = config.load({"FIMBLE_NUM_THREADS": value}, toml)
    assert found.num_threads == Config().num_threads
    assert len(complaints) == 1 and "num_threads must be a whole number" in complaints[0]


@pytest.mark.parametrize("value", ["models", "~no-such-user/models"])
def test_a_relative_home_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIMBLE_HOME", value)
    with pytest.raises(ConfigError, match="not an absolute path"):
        config.home()


def test_home_is_moved_by_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path))
    assert config.home() == tmp_path
    monkeypatch.setenv("FIMBLE_HOME", "~/models")
    assert config.home() == Path.home() / "models"
    monkeypatch.delenv("FIMBLE_HOME")
    assert config.home().name == "fimble"


def test_the_readme_tells_every_option_and_its_default() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    for field in fields(Config):
        default = getattr(Config(), field.name)
        shown = (
            str(default)
            if type(default) is int
            else f"`{default if isinstance(default, str) else json.dumps(default)}`"
        )
        assert f"| `{field.name}` | {shown} |" in readme, field.name


def test_what_only_the_person_s_own_configuration_sets() -> None:
    mine = Config(endpoint="https://mine", endpoint_plain_http=False)
    options = {"endpoint": "https://theirs", "endpoint_plain_http": False, "eagerness": 3}
    kept, refused = config.without_personal(mine, options, "settings")
    assert kept == {"eagerness": 3}
    (told,) = refused
    assert told.startswith("settings: endpoint is taken from your own fimble.toml or from the environment")


def test_every_option_of_an_endpoint_is_the_person_s_own() -> None:
    named = {field.name for field in fields(Config) if field.name.startswith("endpoint")}
    assert named == config.PERSONAL
    assert config.SECRET < config.PERSONAL


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://gpu:8000/v1", "https://gpu:8000/v1"),
        ("https://me:s3cret@gpu/v1", "https://…@gpu/v1"),
        ("me:s3@cret@gpu", "…@gpu"),
        ("https://gpu/v1?key=s3cret", "https://gpu/v1?…"),
        ("", ""),
    ],
)
def test_a_password_in_an_address_is_not_shown(address: str, shown: str) -> None:
    found = config.shown(Config(endpoint=address, endpoint_proxy=address))
    assert (found["endpoint"], found["endpoint_proxy"]) == (shown, shown)


def test_a_key_comes_from_the_environment_and_is_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "fimble.toml"
    file.write_text('endpoint_key = "in-a-file"\nendpoint = "https://gpu/v1"\n', encoding="utf-8")
    found, complaints = config.load({}, file)
    assert (found.endpoint, found.endpoint_key) == ("https://gpu/v1", "")
    assert len(complaints) == 1 and "FIMBLE_ENDPOINT_KEY" in complaints[0] and "in-a-file" not in complaints[0]
    found, complaints = config.load({"FIMBLE_ENDPOINT_KEY": "s3cret"}, tmp_path / "none.toml")
    assert (found.endpoint_key, complaints) == ("s3cret", [])
    assert "s3cret" not in repr(found)
    assert "s3cret" not in str(config.shown(found))
    assert config.shown(found)["endpoint_key"] == "(set)"
