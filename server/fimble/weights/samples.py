"""Code that models are tried on: what calibration sees, and what verification asks.

Written for this purpose or taken from Python's standard library, never from a
benchmark, so that preparing a model cannot tune it to what it is measured by.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_FIM_MARKS = (
    ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),
    ("<fim_prefix>", "<fim_suffix>", "<fim_middle>"),
    ("<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"),
    ("▁<PRE>", "▁<SUF>", "▁<MID>"),
)
"""Marks before the prefix, before the suffix and before the middle, for each family that has them."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Code before the cursor and, for fill-in-the-middle, after it."""

    title: str
    prefix: str
    suffix: str = ""
    middle: str = ""
    """What stands between them, where that belongs to the text (calibration)."""
    is_fixed: bool = True
    """False where the text is the running Python's own, which differs between versions."""


def tokens_of(tokenizer: Tokenizer, sample: Sample) -> list[int]:
    """The sample as a prompt: with the vocabulary's fill-in-the-middle marks, if it has them and there is a suffix."""
    marks = _marks(tokenizer) if sample.suffix else None
    prefix, middle = encoded(tokenizer, sample.prefix), encoded(tokenizer, sample.middle)
    if marks is None:
        return [*prefix, *middle]
    return [marks[0], *prefix, marks[1], *encoded(tokenizer, sample.suffix), marks[2], *middle]


def encoded(tokenizer: Tokenizer, text: str) -> list[int]:
    """The whole text and nothing more, whatever length ``tokenizer.json`` says that texts are cut or filled to."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False).ids
    return ids


def calibration_tokens(tokenizer: Tokenizer) -> list[int]:
    """About 400 tokens of Python, JavaScript and a Chinese comment."""
    return [token for sample in CALIBRATION for token in tokens_of(tokenizer, sample)]


def _marks(tokenizer: Tokenizer) -> Sequence[int] | None:
    for marks in _FIM_MARKS:
        ids = [tokenizer.token_to_id(mark) for mark in marks]
        if None not in ids:
            return ids
    return None


CALIBRATION = (
    Sample(
        "python",
        '''from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Entry:
    """One line of a log file."""

    seconds: float
    level: str
    message: str


def read_log(path: Path, minimum: str = "info") -> list[Entry]:
    levels = {"debug": 0, "info": 1, "warning": 2, "error": 3}
    entries = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        parts = line.split(" ", 2)
''',
        """            raise ValueError(f"{path}:{number}: expected three fields, got {line!r}")
        entry = Entry(float(parts[0]), parts[1].lower(), parts[2])
        if levels[entry.level] >= levels[minimum]:
            entries.append(entry)
    return sorted(entries, key=lambda entry: entry.seconds)
""",
        "        if len(parts) != 3:\n",
    ),
    Sample(
        "javascript",
        """// 读取购物车并计算总价
export async function total(cart, { currency = "EUR", rates }) {
  const items = await Promise.all(cart.ids.map((id) => fetch(`/api/items/${id}`).then((r) => r.json())));
  let sum = 0;
  for (const item of items) {
    if (item.quantity > 0 && rates[item.currency] !== undefined) {
""",
        """    }
  }
  return { sum: Math.round(sum * 100) / 100, currency };
}
""",
        "      sum += item.price * item.quantity * rates[item.currency];\n",
    ),
)

_WRAPPING = inspect.getsource(textwrap.TextWrapper._wrap_chunks)

VERIFICATION = (
    Sample(
        "python, a line inside a function",
        '''def moving_average(values: list[float], window: int) -> list[float]:
    """Average of each run of ``window`` neighbouring values."""
    if window < 1:
        raise ValueError("window must be at least 1")
    averages = []
    for start in range(len(values) - window + 1):
        ''',
        "\n    return averages\n",
    ),
    Sample(
        "python, inside the standard library",
        _WRAPPING[: _WRAPPING.index("cur_line.append")],
        _WRAPPING[_WRAPPING.index("cur_len += l") :][:600],
        is_fixed=False,
    ),
    Sample("python, the standard library continued", inspect.getsource(textwrap.TextWrapper)[:1800], is_fixed=False),
    Sample(
        "python, a class continued",
        '''class Stack:
    """Last in, first out."""

    def __init__(self):
        self._items = []

    def push(self, item):
        self._items.append(item)

    def pop(self):
''',
    ),
    Sample(
        "javascript, an argument",
        """const express = require("express");
const app = express();
const users = new Map();

app.use(express.json());

app.get("/users/:id", (req, res) => {
  const user = users.get(""",
        """);
  if (!user) {
    return res.status(404).json({ error: "not found" });
  }
  res.json(user);
});
""",
    ),
    Sample(
        "javascript, a function continued",
        """/**
 * Calls fn at most once in each period of delayMs milliseconds.
 */
function throttle(fn, delayMs) {
  let last = 0;
  return function (...args) {
    const now = Date.now();
""",
    ),
    Sample(
        "java, a loop body",
        """import java.util.ArrayList;
import java.util.List;

public class Inventory {
    private final List<Item> items = new ArrayList<>();

    public void add(Item item) {
        items.add(item);
    }

    public double totalPrice() {
        double total = 0.0;
        for (Item item : items) {
            """,
        """
        }
        return total;
    }
}
""",
    ),
    Sample(
        "python, a comment in Chinese",
        """# 计算两个日期之间的工作日数量，不包括周末
from datetime import date, timedelta


def count_workdays(start: date, end: date) -> int:
    days = 0
    current = start
    while current <= end:
        if """,
        """
            days += 1
        current += timedelta(days=1)
    return days
""",
    ),
)
