"""Which recipe a machine gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from fimble.errors import WeightsError
from fimble.weights.recipe import FP16, INT8_BLOCKS, INT8_ROWS, recipe_for_cpu, recipes_for


@pytest.mark.parametrize(
    ("flags", "recipe"),
    [
        ("fpu avx2 avx512f avx512_vnni", INT8_ROWS),
        ("fpu avx2 avx_vnni", INT8_ROWS),
        ("fpu avx2 avx512f", INT8_BLOCKS),
        ("", INT8_BLOCKS),
    ],
)
def test_rows_need_vnni(flags: str, recipe: object, tmp_path: Path) -> None:
    cpu_info = tmp_path / "cpuinfo"
    cpu_info.write_text(f"processor\t: 0\nflags\t\t: {flags}\n", encoding="utf-8")
    assert recipe_for_cpu(cpu_info) is recipe


def test_a_machine_that_does_not_say_gets_blocks(tmp_path: Path) -> None:
    assert recipe_for_cpu(tmp_path / "absent") is INT8_BLOCKS


def test_precisions_have_recipes() -> None:
    assert recipes_for("fp16") == (FP16,)
    assert recipes_for("int8") in ((INT8_ROWS, INT8_BLOCKS), (INT8_BLOCKS,))
    with pytest.raises(WeightsError, match="int3"):
        recipes_for("int3")
