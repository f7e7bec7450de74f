"""What is read off the text around a cursor."""

from __future__ import annotations

import pytest

from fimble.context.live_imports import awaited_names, live_imports
from fimble.context.scope_names import bases_in, scope_names, type_name
from fimble.text import Cursor, Snapshot
from tests.unit.cursor_mark import at_mark


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Client", "Client"),
        ('Optional["api.Client[T]"]', "api.Client"),
        ("list[Parcel] | None", "Parcel"),
        ("dict[str, int]", ""),
        ("", ""),
    ],
)
def test_the_class_in_an_annotation(written: str, name: str) -> None:
    assert type_name(written) == name


def test_what_variables_are() -> None:
    names = scope_names(
        at_mark(
            "def other(x: Far):\n    pass\n\n\ndef send(client: Client, weight: int):\n"
            "    with open_desk('x') as desk:\n        form = await api.Form(1)\n"
            "        if isinstance(weight, (Heavy, Light)):\n            ‸\n"
        )
    )
    assert names.types == {"client": "Client", "desk": "open_desk", "form": "api.Form", "weight": "Heavy"}
    assert names.near["isinstance"] == 1.0 and "Far" not in names.near


def test_attributes_of_the_class_around() -> None:
    names = scope_names(
        at_mark(
            "class Desk(Table, base.Wooden[int], metaclass=Meta):\n    lamp: Lamp\n\n"
            "    def __init__(self, client: Client) -> None:\n        self.client = client\n"
            "        self.log = Log()\n\n"
            "    def send(self) -> None:\n        ‸\n"
        )
    )
    assert names.bases == ("Table", "base.Wooden")
    assert names.types["self.client"] == "Client"
    assert names.types["self.log"] == "Log"
    assert names.types["self.lamp"] == "Lamp"


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("client.upload(‸", "client.upload"),
        ("client.upload(parcel, [1, ‸", "client.upload"),
        ("client.upload(size(parcel), ‸)", "client.upload"),
        ("client.upload(parcel)‸", ""),
        ("x = (1, ‸", ""),
        ("def upload(‸", ""),
        ("if (‸", ""),
    ],
)
def test_what_is_being_called(text: str, called: str) -> None:
    assert scope_names(at_mark(text)).called == called


def test_typescript() -> None:
    text = "export class Desk extends Table {\n  send(client: Client): void {\n    const form = new Form(1);\n    "
    cursor = Cursor(Snapshot("file:///desk.ts", "typescript", 1, text + "\n  }\n}\n"), len(text))
    names = scope_names(cursor)
    assert names.types["client"] == "Client" and names.types["form"] == "Form"
    assert names.bases == ("Table",)


def test_bases() -> None:
    assert bases_in("class A(B, Generic[T, K], c.D)") == ("B", "Generic", "c.D")
    assert bases_in("class A:") == bases_in("") == ()


def test_imports_that_wait_for_their_use() -> None:
    cursor = at_mark(
        "from __future__ import annotations\nimport a.b\nfrom .c import (\n    d,\n    e as f,\n)\n\nd(a.b.x)\n‸"
    )
    assert [one.alias for one in live_imports(cursor).imports] == ["a.b", "d", "f"]
    assert awaited_names(cursor) == {"f"}
    many = "".join(f"from .x import name_{number}\n" for number in range(20))
    assert awaited_names(at_mark(many + "‸")) == frozenset()
    assert awaited_names(Cursor(Snapshot("file:///a.unknown", "", 1, "import a\n"), 0)) == frozenset()
