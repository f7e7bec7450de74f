"""Two documents, a cursor in one: what of the other is shown."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from fimble.context.elsewhere import Elsewhere
from fimble.privacy import Privacy
from fimble.privacy.rules import RECHECK_S
from fimble.text import Cursor, Snapshot
from tests.unit.cursor_mark import at_mark

ROOT = Path("/shop")
PRICES = '''
"""Prices and taxes."""

RATES = {"food": 7, "other": 19}


def net_price(gross, category, *, rounding=2):
    """The price without tax."""
    return round(gross * 100 / (100 + RATES[category]), rounding)


def load_catalogue(path):
    return parse_rows(path.read_text())
'''
WEATHER = '''
def forecast(city, days):
    """Ask the service for a forecast."""
    return request(f"/forecast/{city}", days=days)


def celsius(kelvin):
    return kelvin - 273.15
'''
CALLER = """
from prices import net_price


def invoice_line(item):
    gross, category = item.gross, item.category
    net = net_price(‸
"""


class Clock:
    now = 0.0
    step = 0.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def document(name: str, text: str, language: str = "python") -> Snapshot:
    return Snapshot(f"file:///shop/{name}", language, 1, text)


def caller(text: str = CALLER) -> Cursor:
    return at_mark(text, "file:///shop/invoice.py")


def shop(*documents: Snapshot, privacy: Privacy | None = None, clock: Clock | None = None) -> Elsewhere:
    elsewhere = Elsewhere(privacy or Privacy(roots=[ROOT]), clock or Clock())
    for snapshot in documents:
        elsewhere.opened(snapshot)
    return elsewhere


def filler(name: str, lines: int) -> str:
    return "".join(f"{name}_{line} = compute_{name}({line})\n" for line in range(lines))


def test_the_definition_of_what_is_called() -> None:
    elsewhere = shop(document("prices.py", PRICES), document("weather.py", WEATHER))
    found = elsewhere.snippets(caller(), 1000)
    assert [snippet.path for snippet in found] == ["prices.py"]
    assert "def net_price(gross, category, *, rounding=2):\n" in found[0].text


def test_a_small_budget_gets_the_definition_and_what_follows() -> None:
    long = filler("before", 15) + PRICES + filler("after", 15)
    found = shop(document("lib/prices.py", long)).snippets(caller(), 120)
    assert [(snippet.path, snippet.text) for snippet in found] == [
        (
            "lib/prices.py",
            'def net_price(gross, category, *, rounding=2):\n    """The price without tax."""\n',
        )
    ]


def test_nothing_to_do_with_it_nothing_shown() -> None:
    assert shop(document("weather.py", WEATHER)).snippets(caller(), 1000) == ()
    assert shop().snippets(caller(), 1000) == ()
    assert shop(document("prices.py", PRICES)).snippets(caller(), 0) == ()


def test_another_language_counts_less() -> None:
    script = PRICES.replace("def ", "function ").replace(":\n", " {\n")
    found = shop(document("prices.py", PRICES), document("prices.js", script, "javascript")).snippets(caller(), 250)
    assert [snippet.path for snippet in found] == ["prices.py"]


def test_what_the_window_holds_is_not_shown_again() -> None:
    copy = CALLER.replace("‸", "gross, category)")
    assert shop(document("copy.py", copy)).snippets(caller(), 1000) == ()
    two = shop(document("prices.py", PRICES), document("prices_copy.py", PRICES)).snippets(caller(), 2000)
    assert len(two) == 1


def test_a_far_part_of_the_same_document() -> None:
    text = PRICES + "\n\n" + filler("between", 200) + CALLER
    far = caller(text)
    (found,) = shop(document("invoice.py", far.snapshot.text)).snippets(far, 1000, seen=(far.offset - 500, far.offset))
    assert found.path == "invoice.py" and "def net_price(" in found.text
    assert shop().snippets(far, 1000, seen=(0, len(far.snapshot.text))) == ()


def test_a_recent_edit_elsewhere_comes_as_it_stands_now() -> None:
    old = document("prices.py", PRICES)
    new = Snapshot(old.uri, "python", 2, PRICES.replace("rounding=2", "rounding=2, currency='EUR'"))
    elsewhere = shop(old)
    elsewhere.changed(old, new)
    text = "".join(snippet.text for snippet in elsewhere.snippets(caller(), 1000))
    assert text.count("def net_price(") == 1 and "currency='EUR'" in text


def test_a_closed_document_is_still_a_neighbour() -> None:
    elsewhere = shop(document("prices.py", PRICES))
    elsewhere.closed("file:///shop/prices.py")
    assert len(elsewhere.snippets(caller(), 1000)) == 1


def test_a_deleted_document_is_none() -> None:
    elsewhere = shop(document("prices.py", PRICES))
    elsewhere.forget("file:///shop/prices.py")
    assert elsewhere.snippets(caller(), 1000) == ()


class TestDeadline:
    def test_what_is_late_is_left_out_and_ready_the_next_time(self) -> None:
        clock = Clock()
        elsewhere = shop(document("prices.py", PRICES), clock=clock)
        clock.step = 1.0
        assert elsewhere.snippets(caller(), 1000, deadline_ms=20) == ()
        clock.step = 0.0
        while elsewhere.prepare():
            pass
        clock.step = 1.0
        assert len(elsewhere.snippets(caller(), 1000, deadline_ms=20)) == 1

    def test_each_late_preparation_says_that_something_is_left(self) -> None:
        clock = Clock()
        elsewhere = shop(document("prices.py", PRICES), clock=clock)
        clock.step = 1.0
        assert elsewhere.prepare(20)
        clock.step = 0.0
        assert not elsewhere.prepare(20)


class TestStaysTheSame:
    def test_while_typing_in_one_place(self) -> None:
        elsewhere = shop(document("prices.py", PRICES), document("weather.py", WEATHER))
        first = elsewhere.snippets(caller(), 600)
        for index in range(1, 18):
            typed = "gross, category, 2"[:index]
            assert elsewhere.snippets(caller(CALLER.replace("‸", typed + "‸")), 600) == first

    def test_what_becomes_relevant_comes_behind_what_was_there(self) -> None:
        elsewhere = shop(document("prices.py", PRICES), document("weather.py", WEATHER))
        (first,) = elsewhere.snippets(caller(), 1500)
        both = elsewhere.snippets(caller(CALLER.replace("‸", "gross)\n    celsius = forecast(city, days)‸")), 1500)
        assert both[0] == first and [snippet.path for snippet in both] == ["prices.py", "weather.py"]

    def test_the_order_does_not_hang_on_the_order_of_opening(self) -> None:
        documents = [document(f"part_{number}.py", PRICES.replace("food", f"food{number}")) for number in range(3)]
        documents.append(document("weather.py", WEATHER.replace("days", "category")))
        found = {shop(*order).snippets(caller(), 2000) for order in (documents, documents[::-1])}
        assert len(found) == 1


class TestPrivacy:
    def test_private_documents_are_never_shown(self) -> None:
        elsewhere = shop(document(".env", PRICES), document("secrets.py", PRICES))
        old = document("prices.key", "x = 1\n")
        elsewhere.changed(old, Snapshot(old.uri, "python", 2, PRICES[:300]))
        assert elsewhere.snippets(caller(), 1000) == ()

    def test_a_private_document_is_shown_nothing(self) -> None:
        elsewhere = shop(document("prices.py", PRICES))
        assert elsewhere.snippets(at_mark(CALLER, "file:///shop/.env"), 1000) == ()

    @pytest.mark.parametrize("is_edit", [False, True])
    def test_rules_that_changed_since(self, tmp_path: Path, is_edit: bool) -> None:
        clock = Clock()
        elsewhere = shop(privacy=Privacy(roots=[tmp_path], clock=clock), clock=clock)
        uri = (tmp_path / "prices.py").as_uri()
        opened = Snapshot(uri, "python", 1, PRICES)
        elsewhere.opened(opened)
        if is_edit:
            elsewhere.changed(opened, Snapshot(uri, "python", 2, PRICES.replace("rounding=2", "rounding=3")))
        assert elsewhere.snippets(caller(), 1000)
        (tmp_path / ".fimbleignore").write_text("prices.py")
        clock.now += RECHECK_S
        assert elsewhere.snippets(caller(), 1000) == ()

    def test_new_rules(self) -> None:
        elsewhere = shop(document("prices.py", PRICES))
        assert elsewhere.snippets(caller(), 1000)
        elsewhere.govern(Privacy(["prices.py"], [ROOT]))
        assert elsewhere.snippets(caller(), 1000) == ()
        elsewhere.govern(Privacy(roots=[ROOT]))
        assert elsewhere.snippets(caller(), 1000) == ()

    def test_secrets_in_open_documents(self) -> None:
        token = f"TOKEN = 'ghp_{'a1B2' * 9}'\n"
        assert shop(document("prices.py", PRICES + token)).snippets(caller(), 1000) == ()


class TestNames:
    @pytest.mark.parametrize(
        ("uri", "path"),
        [
            ("file:///shop/lib/prices.py", "lib/prices.py"),
            ("file:///usr/lib/python3/prices.py", "python3/prices.py"),
            ("file:///prices.py", "prices.py"),
            ("untitled:Untitled-1", "Untitled-1"),
            ("file:///shop/a%0Ab.py", "a?b.py"),
        ],
    )
    def test_as_the_model_reads_them(self, uri: str, path: str) -> None:
        (found,) = shop(Snapshot(uri, "python", 1, PRICES)).snippets(caller(), 1000)
        assert found.path == path


def test_events_and_questions_from_two_threads() -> None:
    elsewhere = Elsewhere(Privacy(roots=[ROOT]))
    failures: list[RuntimeError] = []

    def edit() -> None:
        try:
            text = PRICES
            for version in range(300):
                uri = f"file:///shop/part_{version % 30}.py"
                before, text = text, text + f"more_{version} = {version}\n"
                elsewhere.opened(Snapshot(uri, "python", version, before))
                elsewhere.changed(Snapshot(uri, "python", version, before), Snapshot(uri, "python", version + 1, text))
                elsewhere.focused(f"file:///shop/part_{version % 7}.py")
                elsewhere.closed(f"file:///shop/part_{version % 11}.py")
        except RuntimeError as error:
            failures.append(error)

    thread = threading.Thread(target=edit)
    thread.start()
    while thread.is_alive():
        assert sum(len(one.path) + len(one.text) for one in elsewhere.snippets(caller(), 700)) <= 700
    thread.join()
    assert failures == []
