"""What has to do with the text around a cursor, and what has not."""

from __future__ import annotations

from fimble.context.passages import Passage, read
from fimble.context.rank import overlap, query, rank
from tests.unit.cursor_mark import at_mark


def passages(*texts: str) -> list[Passage]:
    return [passage for text in texts if (passage := read(text))]


def test_a_definition_beats_a_use_and_a_use_beats_nothing() -> None:
    about = query(at_mark("total = net_price(gross, ‸"), (0, 0))
    scores = rank(
        about,
        passages(
            "def net_price(gross):\n    return gross\n",
            "value = net_price(gross)\nvalue = value + 1\n",
            "weather = forecast(city)\nwind = strength(weather)\n",
        ),
    ).scores
    assert scores[0] > scores[1] > scores[2] == 0


def test_a_word_near_the_cursor_counts_more_than_one_far_above() -> None:
    about = query(at_mark("far_away = 1\n" + "\n" * 10 + "close_by = ‸"), (0, 0))
    assert about.weights["close_by"] > about.weights["far_away"] > 0


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    about = query(at_mark("handle(session, voucher)‸"), (0, 0))
    many = passages(*(f"session_{n} = open(session)\n" for n in range(9)), "redeem(voucher, session)\n")
    weights = rank(about, many).weights
    assert weights["voucher"] > weights["session"]


def test_one_shared_word_is_no_evidence() -> None:
    about = query(at_mark("print(session)‸"), (0, 0))
    assert rank(about, passages("session = 1\n", "use(session)\n")).scores[1] == 0


def test_nothing_to_compare() -> None:
    assert rank(query(at_mark("‸"), (0, 0)), passages("a_word = 1\n")).scores == [0.0]
    assert rank(query(at_mark("word‸"), (0, 4)), []).scores == []


def test_overlap() -> None:
    assert overlap(frozenset("ab"), frozenset("bcd")) == 0.5
    assert overlap(frozenset(), frozenset("a")) == 1.0
