"""A small repository with idioms of its own, written from a seed: real enough to be cut, taught and completed."""

from __future__ import annotations

import random
from pathlib import Path

NOUNS = (
    *("order", "invoice", "ticket", "parcel", "booking", "account", "device", "sensor", "recipe", "lesson"),
    *("player", "vehicle", "journey", "contract", "payment", "article", "comment", "picture", "station", "garden"),
    *("library", "message", "project", "country", "machine"),
)
CHINESE = ("订单", "发票", "工单", "包裹", "预订", "账户", "设备", "传感器", "菜谱", "课程")
FIELDS = ("name", "status", "amount", "created", "owner", "weight", "colour", "region", "priority", "address")


def module(noun: str, random_: random.Random) -> str:
    """A store of one kind of record, as every module of this repository has it."""
    fields = random_.sample(FIELDS, 4)
    title = noun.capitalize()
    chinese = random_.choice(CHINESE)
    loads = "\n".join(f'        {field}=str(row["{field}"]),' for field in fields)
    setters = "\n\n".join(
        f'''def set_{field}(store: Store, key: int, {field}: str) -> {title}:
    """Change the {field} of one {noun} and write it to the log."""
    found = store.find(key)
    if found is None:
        raise Missing("{noun}", key)
    changed = replace(found, {field}={field})
    store.put(key, changed)
    log.info("{noun} %s: {field} is now %s", key, {field})
    return changed
'''
        for field in fields
    )
    declared = "\n".join(f"    {field}: str" for field in fields)
    return f'''"""Everything about one {noun}: how it is read, changed and logged."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from shop.store import Missing, Store

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class {title}:
    """One {noun}, as it lies in the store."""

{declared}


# 从一行数据读取{chinese}
def read_{noun}(row: dict[str, str]) -> {title}:
    """Make one {noun} of a row of the table."""
    return {title}(
{loads}
    )


{setters}'''


def write_repository(folder: Path, seed: int = 1) -> Path:
    """Write it: 25 modules, a store, a licence and a page for people; returns ``folder``."""
    random_ = random.Random(seed)
    package = folder / "shop"
    package.mkdir(parents=True)
    for noun in NOUNS:
        (package / f"{noun}.py").write_text(module(noun, random_), encoding="utf-8")
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "store.py").write_text(STORE, encoding="utf-8")
    (folder / "LICENSE").write_text(LICENCE, encoding="utf-8")
    (folder / "README.md").write_text("# shop\n\nEverything that a shop keeps, one module a kind.\n", encoding="utf-8")
    return folder


STORE = '''"""Where records lie, by number."""

from __future__ import annotations

from typing import Any


class Missing(LookupError):
    """There is no record of that number."""

    def __init__(self, noun: str, key: int) -> None:
        super().__init__(f"There is no {noun} {key}.")


class Store:
    """Records by number."""

    def __init__(self) -> None:
        self._records: dict[int, Any] = {}

    def find(self, key: int) -> Any:
        """The record, or nothing."""
        return self._records.get(key)

    def put(self, key: int, record: Any) -> None:
        """Keep the record under its number."""
        self._records[key] = record
'''
LICENCE = """MIT License

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""
