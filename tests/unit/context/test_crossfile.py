"""A workspace with an index, a cursor in one file: what of the others is shown, and why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fimble.context.elsewhere import Elsewhere
from fimble.index import chunks
from fimble.index.indexer import Indexer
from fimble.index.reader import Reader
from fimble.index.store import Store
from fimble.privacy import Privacy
from fimble.text import Cursor, Snippet
from tests.unit.cursor_mark import at_mark

FILES = {
    "shop/__init__.py": "from .client import Client\n",
    "shop/client.py": '''"""Talks to the warehouse."""

import json

from .transport import Transport

DEFAULT_TIMEOUT_S = 30
RETRIES = {"upload": 3, "download": 5}


class Client(Transport):
    """One connection to the warehouse."""

    region: str

    def __init__(self, address: str, timeout_s: float = DEFAULT_TIMEOUT_S) -> None:
        self.address = address

    def upload_parcel(self, parcel: bytes, *, priority: int = 0) -> "Receipt":
        """Send a parcel and wait for the receipt."""
        body = json.dumps({"parcel": parcel.hex(), "priority": priority})
        return Receipt(body)


class Receipt:
    """What the warehouse says."""

    def signed_by(self) -> str:
        return "nobody"
''',
    "shop/transport.py": """class Transport:
    def reconnect_slowly(self, attempts: int) -> bool:
        return attempts > 0
""",
    "shop/weights.py": '''def parcel_weight_kg(parcel: bytes) -> float:
    """Weight of a parcel as the scales give it."""
    return len(parcel) / 1000


def pallet_height(parcels):
    return sum(map(len, parcels))
''',
    "shop/nightly.py": """from shop import Client
from shop.weights import parcel_weight_kg


def nightly(parcels):
    client = Client("warehouse.example")
    for parcel in parcels:
        if parcel_weight_kg(parcel) < 30:
            client.upload_parcel(parcel, priority=2)
""",
    "shop/shared.py": """from .client import Client

the_client = Client("annex.example")
said_client: Client | None = None
""",
    "shop/.env": "TOKEN=secret\n",
}


DESK = """class Desk:
    def __init__({head}):
        self.client = {made}

    def send(self):
        self.client.‸
"""


class Shop:
    """The workspace on disk, indexed."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root = root
        for path, text in FILES.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        self.privacy = Privacy(roots=[root])
        self.store, self.reader = Store.open(folder), Reader(folder)
        self.scan()

    def scan(self) -> None:
        for _ in Indexer(self.root.resolve(), self.store, self.privacy, chunks.cut).words():
            pass

    def elsewhere(self, privacy: Privacy | None = None) -> Elsewhere:
        return Elsewhere(privacy or self.privacy, lambda: 0.0, lambda _: self.reader)

    def cursor(self, text: str, path: str = "shop/orders.py") -> Cursor:
        return at_mark(text, (self.root / path).as_uri())

    def shown(self, text: str, max_chars: int = 4000) -> dict[str, Snippet]:
        cursor = self.cursor(text)
        return {snippet.why: snippet for snippet in self.elsewhere().snippets(cursor, max_chars, seen=(0, 0))}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = Shop(tmp_path_factory.mktemp("work"), tmp_path_factory.mktemp("index"))
    yield made
    made.reader.close()
    made.store.close()


def test_an_import_that_is_not_used_yet(shop: Shop) -> None:
    shown = shop.shown("from shop.weights import parcel_weight_kg\n\n\ndef postage(parcel):\n    ‸\n")
    definition = shown["definition of parcel_weight_kg"]
    assert definition.path == "shop/weights.py"
    assert definition.text == (
        'def parcel_weight_kg(parcel: bytes) -> float:\n    """Weight of a parcel as the scales give it."""\n'
    )
    assert shown["imported and not used yet"].text == "from shop.weights import parcel_weight_kg\n"
    assert "parcel_weight_kg(parcel) < 30" in shown["use of parcel_weight_kg"].text
    assert list(shown)[-1] == "imported and not used yet", "the most relevant comes last"


def test_an_import_leads_through_a_package_to_the_class(shop: Shop) -> None:
    text = shop.shown("from shop import Client\n\n\ndef send(parcel):\n    return ‸\n")["definition of Client"].text
    assert text.startswith('class Client(Transport):\n    """One connection to the warehouse."""\n')
    assert "    region: str\n" in text
    assert '    def upload_parcel(self, parcel, *, priority=...) -> "Receipt": ...\n' in text
    assert "reconnect_slowly" in text, "what it inherits"
    assert "json.dumps" not in text, "no bodies"


@pytest.mark.parametrize(
    "body",
    [
        "def send(client: Client):\n    ‸\n",
        "def send(client: 'Client | None'):\n    ‸\n",
        "def send():\n    client = Client('x')\n    client.‸\n",
        DESK.format(head="self", made="Client('x')"),
        DESK.format(head="self, client: Client", made="client"),
        "class Desk(Client):\n    def send(self):\n        ‸\n",
    ],
)
def test_the_class_of_a_receiver(shop: Shop, body: str) -> None:
    shown = shop.shown("from shop.client import Client\n\n\n" + body)
    assert any("def upload_parcel" in snippet.text for snippet in shown.values()), list(shown)


def test_what_a_call_gives(shop: Shop) -> None:
    head = "from shop.client import Client\n\n\ndef send(client: Client):\n    receipt = client.upload_parcel(b'x')\n"
    shown = shop.shown(head + "    receipt.‸\n")
    assert any("def signed_by" in snippet.text for snippet in shown.values())


def test_the_signature_of_what_is_being_called(shop: Shop) -> None:
    shown = shop.shown("from shop.client import Client\n\n\ndef send(client: Client):\n    client.upload_parcel(‸\n")
    signature = shown["signature of Client.upload_parcel"]
    assert signature.text.startswith("class Client:\n    def upload_parcel(self, parcel: bytes, *, priority: int = 0)")


def test_a_constant_and_a_module(shop: Shop) -> None:
    shown = shop.shown("from shop.client import RETRIES\n\n\ndef again(kind):\n    return ‸\n")
    assert shown["definition of RETRIES"].text == 'RETRIES = {"upload": 3, "download": 5}\n'
    shown = shop.shown("from shop import weights\n\n\ndef postage(parcel):\n    weights.‸\n")
    assert "def pallet_height(parcels)" in shown["members of weights"].text


def test_a_value_that_has_a_class(shop: Shop) -> None:
    for name in ("the_client", "said_client"):
        shown = shop.shown(f"from shop.shared import {name}\n\n\ndef send(parcel):\n    {name}.‸\n")
        assert "def upload_parcel" in shown[f"type of {name}: Client"].text


def test_what_is_private_by_now_is_not_shown(shop: Shop) -> None:
    cursor = shop.cursor("from shop.weights import parcel_weight_kg\n\n\ndef postage(parcel):\n    ‸\n")
    strict = Privacy(["weights.py"], [shop.root])
    found = shop.elsewhere(strict).snippets(cursor, 4000)
    assert "shop/weights.py" not in [snippet.path for snippet in found]
    assert shop.elsewhere().snippets(shop.cursor("x‸", "shop/.env"), 4000) == ()


def test_the_file_itself_is_read_from_the_editor_only(shop: Shop) -> None:
    text = "from shop import Client\nfrom shop.weights import parcel_weight_kg\n\n\ndef nightly(parcels):\n    ‸\n"
    cursor = shop.cursor(text, "shop/nightly.py")
    found = shop.elsewhere().snippets(cursor, 4000)
    assert found and not any("warehouse.example" in snippet.text for snippet in found)


def test_without_an_index_as_before(shop: Shop, tmp_path: Path) -> None:
    cursor = shop.cursor("from shop.weights import parcel_weight_kg\n\n\ndef postage(parcel):\n    ‸\n")
    empty = Reader(tmp_path)
    assert Elsewhere(shop.privacy, reader_of=lambda _: empty).snippets(cursor, 4000) == ()
    assert Elsewhere(shop.privacy).snippets(cursor, 4000) == ()
    assert shop.elsewhere().snippets(cursor, 4000, with_index=False) == ()
    (tmp_path / "index.db").write_bytes(b"this is no database" * 100)
    assert Elsewhere(shop.privacy, reader_of=lambda _: Reader(tmp_path)).snippets(cursor, 4000) == ()


def test_after_the_deadline_nothing_is_begun(shop: Shop) -> None:
    cursor = shop.cursor("from shop.weights import parcel_weight_kg\n\n\ndef postage(parcel):\n    ‸\n")
    assert "shop/weights.py" not in [one.path for one in shop.elsewhere().snippets(cursor, 4000, deadline_ms=0)]


def test_the_choice_keeps_still_while_a_person_types(shop: Shop) -> None:
    elsewhere = shop.elsewhere()
    head = (
        "from shop import Client\nfrom shop.weights import parcel_weight_kg\n\n\ndef postage(parcel, client: Client):\n"
    )
    first = elsewhere.snippets(shop.cursor(head + "    ‸\n"), 4000)
    again = elsewhere.snippets(shop.cursor(head + "    weight = parcel_weight_kg(‸\n"), 4000)
    kept = [snippet for snippet in again if snippet in first]
    assert kept == [snippet for snippet in first if snippet in again]
    assert again[: len(kept)] == tuple(kept), "what was shown before comes first"
