"""Kept answers by place; ``tests/property/test_cache.py`` tries them against a naive twin."""

from __future__ import annotations

import threading

from fimble.features.cache import ContinuationCache
from fimble.text import Snippet
from tests.unit.cursor_mark import at_mark
from tests.unit.features.places import answer_at, cursor_in


def found(cache: ContinuationCache, marked: str) -> str | None:
    result = cache.find(at_mark(marked), ())
    return None if result is None else result[1]


def test_typing_into_an_answer_and_back_out_of_it() -> None:
    cache = ContinuationCache()
    cache.put(answer_at(at_mark("x = ‸\n"), "total\n"))
    cache.put(answer_at(at_mark("x = t‸\n"), "rue\n"))
    assert found(cache, "x = tr‸\n") == "ue\n"
    assert found(cache, "x = t‸\n") == "rue\n", "the latest answer wins"
    assert found(cache, "x = ‸\n") == "total\n", "and after a backspace the one before"
    assert found(cache, "x = to‸\n") == "tal\n"
    assert found(cache, "x = ti‸\n") is None
    assert found(cache, "y = t‸\n") is None


def test_an_answer_from_the_same_place_gives_way() -> None:
    cache = ContinuationCache()
    cache.put(answer_at(at_mark("x = ‸\n"), "one\n"))
    cache.put(answer_at(at_mark("x = ‸\n"), "two\n"))
    assert [answer.text for answer in cache.latest("file:///example.py")] == ["two\n"]
    assert found(cache, "x = o‸\n") is None


def test_the_oldest_go_when_there_are_too_many() -> None:
    cache = ContinuationCache(max_entries=3)
    for number in range(5):
        cache.put(answer_at(at_mark(f"x{number} = ‸\n"), f"{number}\n"))
    assert [found(cache, f"x{number} = ‸\n") for number in range(5)] == [None, None, "2\n", "3\n", "4\n"]


def test_a_document_can_be_forgotten_and_others_stay() -> None:
    cache = ContinuationCache()
    for uri in ("file:///a", "file:///b"):
        cache.put(answer_at(cursor_in("x = \n", 4, uri), "1\n"))
    cache.forget("file:///a")
    assert cache.find(cursor_in("x = \n", 4, "file:///a"), ()) is None
    assert cache.find(cursor_in("x = \n", 4, "file:///b"), ()) is not None
    assert cache.latest("file:///a") == ()


def test_drafts_are_the_last_answers_of_the_document_latest_first() -> None:
    cache = ContinuationCache()
    for number in range(4):
        cache.put(answer_at(at_mark(f"x{number} = ‸\n"), f"{number}\n"))
    cache.put(answer_at(cursor_in("y = \n", 4, "file:///b"), "5\n"))
    assert [answer.text for answer in cache.latest("file:///example.py")] == ["3\n", "2\n"]


def test_what_the_model_was_shown_stays_with_its_answer() -> None:
    cache, shown = ContinuationCache(), (Snippet("b.py", "z = 1\n"),)
    cache.put(answer_at(at_mark("x = ‸\n"), "z\n", snippets=shown))
    answer, rest = cache.find(at_mark("x = ‸\n"), shown) or (None, "")
    assert answer is not None and answer.place.snippets == shown
    assert rest == "z\n"


def test_one_thread_keeps_answers_while_another_asks() -> None:
    cache, failures, is_over = ContinuationCache(max_entries=8), list[BaseException](), threading.Event()

    def keep() -> None:
        try:
            for number in range(2000):
                cache.put(answer_at(cursor_in("x = \n" + "y" * (number % 40), 4), f"{number}\n"))
                if number % 100 == 0:
                    cache.forget("file:///example.py")
        except BaseException as error:  # noqa: BLE001 (whatever it was, the test says it)
            failures.append(error)
        finally:
            is_over.set()

    keeper = threading.Thread(target=keep)
    keeper.start()
    while not is_over.is_set():
        cache.find(cursor_in("x = \n", 4), ())
        assert len(cache.latest("file:///example.py")) <= 2
    keeper.join()
    assert failures == []
