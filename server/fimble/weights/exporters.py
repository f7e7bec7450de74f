"""What optimum's exporter does not know by itself: architectures told to it, and libraries kept quiet.

optimum-onnx 0.1 has no description of StarCoder2, though it knows all that one consists of: a decoder with rope,
grouped heads and, in some, a sliding window, whose mask is traced with the rest.
"""

from __future__ import annotations

import functools
import importlib.util
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


def can_export() -> bool:
    """Whether optimum's exporter is installed."""
    try:
        return importlib.util.find_spec("optimum.exporters.onnx") is not None
    except ModuleNotFoundError:
        return False


@functools.cache
def tell_optimum() -> None:
    """Describe to optimum what it lacks; once a process. Only where ``can_export``."""
    from optimum.exporters.onnx.model_configs import LlamaOnnxConfig
    from optimum.exporters.tasks import TasksManager
    from optimum.utils import NormalizedTextConfigWithGQA

    @TasksManager.create_register("onnx")("starcoder2", "text-generation", "text-generation-with-past")
    class StarCoder2OnnxConfig(LlamaOnnxConfig):  # type: ignore[misc]
        NORMALIZED_CONFIG_CLASS = NormalizedTextConfigWithGQA

    del StarCoder2OnnxConfig  # the register holds it


def known_decoders() -> frozenset[str]:
    """The ``model_type`` of every decoder that can be exported with its cache; nothing without optimum."""
    return _known("text-generation-with-past")


def known_pairs() -> frozenset[str]:
    """The same of encoder-decoders."""
    return _known("text2text-generation-with-past")


def _known(task: str) -> frozenset[str]:
    if not can_export():
        return frozenset()
    from optimum.exporters.tasks import TasksManager

    with quiet():
        tell_optimum()
    return frozenset(TasksManager.get_supported_model_type_for_task(task, "onnx"))


@contextmanager
def quiet() -> Iterator[None]:
    """Without the libraries' remarks on tracing: what went wrong is an exception."""
    loggers = [logging.getLogger(name) for name in ("optimum", "transformers")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
