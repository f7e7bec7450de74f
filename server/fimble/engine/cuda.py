"""Whether CUDA can be used on this machine, and why not."""

from __future__ import annotations

import contextlib
import ctypes
import io
import sys

import onnxruntime as ort

_PROVIDER = "CUDAExecutionProvider"


def cuda_problem() -> str:
    """Why CUDA cannot be used, in a sentence; empty when it can."""
    if _PROVIDER not in ort.get_available_providers():
        return "The installed onnxruntime has no CUDA support (it comes with the extra 'gpu')."
    driver = _nvidia_driver()
    if driver is None:
        return "There is no NVIDIA driver on this machine."
    count = ctypes.c_int(0)
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0 or count.value == 0:
        return "The NVIDIA driver finds no usable GPU."
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):  # it prints what it misses, and what fimble prints may be for a program
            ort.preload_dlls()
    except Exception as error:  # noqa: BLE001 (whatever the loader raises is the reason)
        return f"CUDA's libraries cannot be loaded: {error}."
    return missing_libraries(said.getvalue())


def missing_libraries(said: str) -> str:
    """What onnxruntime ``said`` when it loaded CUDA's libraries, in a sentence; empty where nothing is missing.

    A library that is not where it was first looked for may be found elsewhere: only after the last line, which names a
    page, is one missing.
    """
    lines = said.splitlines()
    if not any("https://" in line for line in lines):
        return ""
    named = [line.removeprefix("Failed to load ").split(":")[0] for line in lines if line.startswith("Failed to load ")]
    return f"CUDA's libraries cannot be loaded: {', '.join(dict.fromkeys(named)) or said.strip()}."


def has_nvidia_driver() -> bool:
    """Whether a GPU may be here at all, usable or not."""
    return _nvidia_driver() is not None


def _nvidia_driver() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return None
