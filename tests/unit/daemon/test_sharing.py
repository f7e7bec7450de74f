"""Models that sessions share: loaded once, given back when unused, and woken again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any

import pytest

from fimble.config import Config
from fimble.context.elsewhere import Elsewhere
from fimble.daemon.lent import LentModel
from fimble.daemon.sharing import Sharing
from fimble.engine.base import Urgency
from fimble.engine.memory import Holding, KvMemory
from fimble.engine.runner import Asked, Runner
from fimble.errors import FimbleError, ModelFolderInvalid, ModelNotInstalled
from fimble.privacy.rules import Privacy

CONFIG = Config(model="mine", kv_cache_mb=32, idle_unload_minutes=30)
ELSEWHERE = Elsewhere(Privacy(()))


class Graph:
    provider = "cpu"

    def __init__(self) -> None:
        self.is_loaded = True
        self.num_loads = 1

    def load(self) -> None:
        if not self.is_loaded:
            self.num_loads += 1
        self.is_loaded = True

    def unload(self) -> None:
        self.is_loaded = False


class Opened:
    def __init__(self, name: str) -> None:
        self.name, self.graph = name, Graph()


class Own:
    """One session's part."""

    provider, notes, actions, english, feature = "cpu", (), None, None, None

    def __init__(self, opened: Opened | None, config: Config, runner: Runner | None, memory: KvMemory | None) -> None:
        self.opened, self.config, self.runner, self.memory = opened, config, runner, memory
        self.model = config.model
        self.num_closed = 0

    def close(self) -> None:
        self.num_closed += 1


class Makers:
    """Takes its time to open a model, and fails as often as it is told."""

    def __init__(self, num_failures: int = 0) -> None:
        self.opened: list[Opened] = []
        self.num_failures = num_failures
        self.num_replaced = 0

    def find(self, config: Config) -> Hashable:
        if config.model == "missing":
            raise ModelNotInstalled("missing is not installed.")
        return None if config.model == "elsewhere" else (config.model, config.num_threads, self.num_replaced)

    def open(self, config: Config) -> Opened:
        time.sleep(0.02)
        if self.num_failures:
            self.num_failures -= 1
            raise FimbleError("no memory")
        self.opened.append(Opened(config.model))
        return self.opened[-1]

    def lend(
        self, opened: Opened, config: Config, _: Elsewhere, __: Callable[[], float], runner: Runner, memory: KvMemory
    ) -> Any:
        return Own(opened, config, runner, memory)

    def alone(self, config: Config, *_: object) -> Any:
        return Own(None, config, None, None)


class Shop:
    """A sharing with a clock of its own."""

    def __init__(self, num_failures: int = 0) -> None:
        self.now_s, self.makers = 0.0, Makers(num_failures)
        self.sharing: Sharing[Opened] = Sharing(self.makers, lambda: self.now_s)
        self.told: list[str] = []

    def load(self, config: Config = CONFIG) -> Any:
        return self.sharing.load(config, ELSEWHERE, lambda: 0.0, self.told.append)

    def own(self, lent: LentModel) -> Any:
        return lent._own

    def run(self, lent: LentModel) -> None:
        self.own(lent).runner.run(Asked(Urgency.KEYSTROKE, None).run(lambda _: None, 1))


@pytest.fixture
def shop() -> Any:
    shop = Shop()
    yield shop
    shop.sharing.close()


def test_sessions_share_what_is_loaded_once(shop: Shop) -> None:
    """Also those that come while it is being loaded."""
    lent: list[Any] = []
    threads = [threading.Thread(target=lambda: lent.append(shop.load())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(shop.makers.opened) == 1
    assert {shop.own(one).opened for one in lent} == set(shop.makers.opened)
    assert len({shop.own(one).runner for one in lent}) == 6
    assert {shop.own(one).memory for one in lent} == {shop.sharing.memory}
    assert shop.told == ["loading mine"] * 6
    assert shop.sharing.state() == {
        "models": [{"model": "mine", "provider": "cpu", "sessions": 6, "loaded": True}],
        "kv_mb": 0.0,
        "kv_cap_mb": 32,
        "waiting_runs": 0,
    }


def test_other_options_are_another_model(shop: Shop) -> None:
    for config in (CONFIG, replace(CONFIG, num_threads=1), replace(CONFIG, model="other"), CONFIG):
        shop.load(config)
    assert [opened.name for opened in shop.makers.opened] == ["mine", "mine", "other"]


def test_a_session_gives_its_part_back_once_and_the_weights_stay(shop: Shop) -> None:
    first, second = shop.load(), shop.load()
    first.close()
    first.close()
    assert shop.own(first).num_closed == 1
    assert shop.sharing.state()["models"][0]["sessions"] == 1
    second.close()
    assert shop.sharing.state()["models"] == [{"model": "mine", "provider": "cpu", "sessions": 0, "loaded": True}]
    shop.load()
    assert len(shop.makers.opened) == 1


def test_who_comes_after_a_failure_tries_again() -> None:
    shop = Shop(num_failures=1)
    with pytest.raises(FimbleError, match="no memory"):
        shop.load()
    assert shop.sharing.state()["models"] == []
    shop.load()
    assert len(shop.makers.opened) == 1
    with pytest.raises(ModelNotInstalled):
        shop.load(replace(CONFIG, model="missing"))
    shop.sharing.close()


def test_what_is_not_loaded_here_is_each_sessions_own(shop: Shop) -> None:
    lent = shop.load(replace(CONFIG, model="elsewhere"))
    assert isinstance(lent, Own)
    assert shop.sharing.state()["models"] == []


def test_the_memory_is_what_the_most_generous_session_allows(shop: Shop) -> None:
    first = shop.load(replace(CONFIG, kv_cache_mb=64))
    shop.load()
    assert shop.sharing.state()["kv_cap_mb"] == 64
    first.close()
    assert shop.sharing.state()["kv_cap_mb"] == 32


def test_weights_that_nobody_uses_are_given_back_and_woken(shop: Shop) -> None:
    lent = shop.load()
    graph = shop.makers.opened[0].graph
    dropped: list[str] = []
    mine = Holding(1, lambda: dropped.append("mine"), graph)
    in_use = Holding(1, lambda: dropped.append("in use"), graph)
    others = Holding(1, lambda: dropped.append("others"), object())
    for holding in (mine, in_use, others):
        shop.sharing.memory.add(holding)
    in_use.in_use = True
    shop.now_s = 30 * 60 - 1
    shop.sharing.unload_unused()
    assert not lent.is_asleep
    shop.now_s += 1
    shop.sharing.unload_unused()
    assert lent.is_asleep
    assert dropped == ["mine"]
    assert shop.sharing.state()["models"][0]["loaded"] is False
    lent.wake()
    assert not lent.is_asleep
    assert graph.num_loads == 2
    shop.sharing.unload_unused()
    assert not lent.is_asleep, "waking counts as use"


def test_a_run_counts_as_use(shop: Shop) -> None:
    lent = shop.load()
    shop.now_s = 29 * 60
    shop.run(lent)
    shop.now_s = 31 * 60
    shop.sharing.unload_unused()
    assert not lent.is_asleep
    shop.now_s = 60 * 60
    shop.sharing.unload_unused()
    assert lent.is_asleep


def test_a_new_session_has_the_weights_loaded(shop: Shop) -> None:
    first = shop.load()
    shop.now_s = 60 * 60
    shop.sharing.unload_unused()
    assert first.is_asleep
    assert not shop.load().is_asleep
    assert not first.is_asleep
    assert len(shop.makers.opened) == 1


def test_they_are_kept_for_ever_where_the_option_says_so(shop: Shop) -> None:
    lent = shop.load(replace(CONFIG, idle_unload_minutes=0))
    shop.now_s = 1e6
    shop.sharing.unload_unused()
    assert not lent.is_asleep


def test_nothing_is_unloaded_while_something_runs(shop: Shop) -> None:
    lent, begun, end = shop.load(), threading.Event(), threading.Event()

    def do(_: object) -> bool:
        begun.set()
        end.wait()
        return bool(lent.is_asleep)

    seen: list[bool] = []
    runner = shop.own(lent).runner
    running = threading.Thread(target=lambda: seen.append(runner.run(Asked(Urgency.KEYSTROKE, None).run(do, 1))))
    running.start()
    begun.wait()
    shop.now_s = 60 * 60
    unloading = threading.Thread(target=shop.sharing.unload_unused)
    unloading.start()
    while not shop.sharing.state()["waiting_runs"]:
        time.sleep(0.001)
    end.set()
    running.join()
    unloading.join()
    assert seen == [False]
    assert not lent.is_asleep, "it was in use just now"


def test_a_model_that_was_replaced_on_the_disk_is_opened_by_who_comes_and_woken_by_nobody(shop: Shop) -> None:
    before = shop.load()
    shop.makers.num_replaced += 1
    after = shop.load()
    assert shop.own(after).opened is not shop.own(before).opened
    shop.now_s = 60 * 60
    shop.sharing.unload_unused()
    after.wake()
    with pytest.raises(ModelFolderInvalid, match="replaced on the disk"):
        before.wake()
    assert before.is_asleep and not after.is_asleep


def test_a_model_that_no_session_has_makes_room_for_another(shop: Shop) -> None:
    first, kept = shop.load(), shop.load(replace(CONFIG, model="kept"))
    dropped: list[str] = []
    shop.sharing.memory.add(Holding(1, lambda: dropped.append("mine"), shop.own(first).opened.graph))
    first.close()
    shop.load(replace(CONFIG, model="other"))
    assert [model["model"] for model in shop.sharing.state()["models"]] == ["kept", "other"]
    assert dropped == ["mine"]
    assert not shop.own(first).opened.graph.is_loaded
    kept.close()


def test_an_unloaded_model_that_no_session_has_is_held_no_more(shop: Shop) -> None:
    shop.load().close()
    shop.now_s = 60 * 60
    shop.sharing.unload_unused()
    assert shop.sharing.state()["models"] == []
    assert not shop.sharing._schedulers["cpu"]._line._used_ms, "nor is anything of who unloaded it"
