"""Why CUDA cannot be used: what onnxruntime prints becomes a sentence, and reaches nobody's standard output."""

from __future__ import annotations

import pytest

from fimble.engine.cuda import cuda_problem, missing_libraries

SAID = """Failed to load libcublasLt.so.13: libcublasLt.so.13: cannot open shared object file: No such file or directory
Failed to load libcurand.so.10: libcurand.so.10: cannot open shared object file: No such file or directory
Please follow https://onnxruntime.ai/docs/install/#cuda-and-cudnn to install CUDA.
"""
"""Printed by onnxruntime-gpu 1.31.1 where the libraries are not installed."""


class Driver:
    """A driver that finds one GPU."""

    def cuInit(self, flags: int) -> int:  # noqa: N802 (CUDA's names)
        return 0

    def cuDeviceGetCount(self, count: object) -> int:  # noqa: N802
        count._obj.value = 1  # type: ignore[attr-defined]
        return 0


def test_missing_libraries_are_named() -> None:
    assert missing_libraries(SAID) == "CUDA's libraries cannot be loaded: libcublasLt.so.13, libcurand.so.10."


def test_a_library_that_is_found_elsewhere_is_not_missing() -> None:
    assert missing_libraries(SAID.splitlines()[0]) == ""
    assert missing_libraries("") == ""


def test_nothing_is_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output may be an editor's or a program's."""
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CUDAExecutionProvider"])
    monkeypatch.setattr("fimble.engine.cuda._nvidia_driver", Driver)
    monkeypatch.setattr("onnxruntime.preload_dlls", lambda: print(SAID))
    assert "libcurand.so.10" in cuda_problem()
    assert capsys.readouterr().out == ""
