"""The options of a session, as the editor changes them."""

from __future__ import annotations

import pytest

from fimble.config import Config
from fimble.lsp.settings import Settings, ours


def test_later_settings_replace_each_other_and_not_what_the_session_began_with() -> None:
    settings = Settings(Config(eagerness=40), [])
    settings.begin({"comments": False})
    assert settings.change({"eagerness": 70, "disabled_paths": ["a"]}) == []
    assert (settings.config.eagerness, settings.config.comments) == (70, False)
    assert settings.change({"disabled_paths": ["b"]}) == []
    assert (settings.config.eagerness, settings.config.disabled_paths) == (40, ("b",))
    assert settings.change(None) == []
    assert settings.config == Config(eagerness=40, comments=False)


def test_settings_that_come_with_the_greeting_are_replaced_by_later_ones() -> None:
    settings = Settings(Config(), [])
    settings.begin({"comments": False, "settings": {"eagerness": 70, "num_threads": 2, "disabled_paths": ["a"]}})
    assert (settings.config.eagerness, settings.config.comments) == (70, False)
    assert settings.change({"num_threads": 2}) == []
    assert settings.config == Config(comments=False, num_threads=2)


def test_what_is_wrong_in_the_first_settings_is_told_and_mended() -> None:
    settings = Settings(Config(), [])
    settings.begin({"settings": {"eagerness": "very"}})
    assert len(settings.complaints) == 1
    assert settings.change({"eagerness": "very"}) == []
    settings.change({})
    assert settings.complaints == []


def test_a_wrong_value_is_told_once_and_the_others_count() -> None:
    settings = Settings(Config(), ["told before"])
    wrong = {"eagerness": "much", "comments": False}
    assert len(settings.change(wrong)) == 1
    assert settings.change(wrong) == []
    assert not settings.config.comments
    assert len(settings.complaints) == 2
    assert settings.change({}) == []
    assert settings.complaints == ["told before"]


def test_what_the_model_rests_on_waits_for_the_next_start() -> None:
    settings = Settings(Config(), [])
    settings.begin({"num_threads": 2})
    assert settings.change({"num_threads": 2}) == []
    told = settings.change({"num_threads": 3, "model": "other"})
    assert told == ["A change of model and num_threads takes effect when the server is started again."]


@pytest.mark.parametrize("options", ["text", 3, ["a"]])
def test_settings_that_are_no_object_change_nothing(options: object) -> None:
    settings = Settings(Config(), [])
    assert "must be an object" in settings.change(options)[0]
    assert settings.config == Config()


def test_a_wrong_private_path_closes_everything_until_it_is_mended() -> None:
    settings = Settings(Config(), [])
    assert settings.change({"disabled_paths": "secret"})
    assert settings.config.disabled_paths == ("*",)
    settings.change({"disabled_paths": ["secret"]})
    assert settings.config.disabled_paths == ("secret",)


@pytest.mark.parametrize(("settings", "found"), [(None, None), ({}, None), ({"fimble": {"a": 1}}, {"a": 1}), ([], [])])
def test_our_part_of_the_settings(settings: object, found: object) -> None:
    assert ours(settings) == found
