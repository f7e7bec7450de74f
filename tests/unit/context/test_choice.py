"""The choice keeps still, and keeps to its budget when that changes."""

from __future__ import annotations

from fimble.context.choice import Candidate, Choice, choose
from fimble.context.passages import Passage, read
from fimble.context.rank import Query, query
from tests.unit.cursor_mark import at_mark

URI = "file:///a.py"


def passage(text: str) -> Passage:
    found = read(text)
    assert found is not None
    return found


def candidate(name: str, text: str) -> Candidate:
    return Candidate(f"file:///{name}", name, 0, passage(text))


def about(text: str) -> Query:
    return query(at_mark(text), (0, 0))


PRICES = candidate("prices.py", "def net_price(gross, tax):\n    return gross - gross * tax\n" + "x_1 = 1\n" * 30)
LABELS = candidate("labels.py", "def label(price, currency):\n    return f'{price} {currency}'\n")


def names(choice: Choice) -> list[str]:
    return [snippet.path for snippet in choice.snippets()]


def test_a_smaller_budget_is_kept_by_what_was_chosen_before() -> None:
    wide = choose(about("net_price(gross, tax)‸"), [PRICES], 2000, Choice(), URI, 1)
    narrow = choose(about("net_price(gross, tax)‸"), [PRICES], 60, wide, URI, 1)
    assert [snippet.text for snippet in narrow.snippets()] == ["def net_price(gross, tax):\n"]


def test_near_by_the_order_is_kept_and_far_away_the_best_comes_last() -> None:
    first = choose(about("net_price(gross, tax)‸"), [PRICES, LABELS], 2000, Choice(), URI, 1)
    assert names(first) == ["prices.py"]
    later = about("net_price(gross, tax)\nlabel(price, currency)‸")
    near = choose(later, [PRICES, LABELS], 2000, first, URI, 2)
    assert names(near) == ["prices.py", "labels.py"]
    back = about("label(price, currency)\nnet_price(gross, tax)‸")
    assert choose(back, [PRICES, LABELS], 2000, near, URI, 3) is near
    assert choose(back, [LABELS], 2000, near, URI, 3).snippets() == near.snippets()[1:]
    fresh = {names(choose(later, [PRICES, LABELS], 2000, Choice(), URI, line))[-1] for line in (2, 500)}
    assert fresh == {"labels.py"}


def test_what_no_longer_stands_is_dropped() -> None:
    first = choose(about("net_price(gross, tax)‸"), [PRICES], 2000, Choice(), URI, 1)
    assert choose(about("net_price(gross, tax)‸"), [], 2000, first, URI, 1).snippets() == ()
