"""One run of a graph that can be ended in its middle, with what goes wrong in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import onnxruntime as ort

from fimble.engine.base import CancelToken
from fimble.errors import EngineCancelled, EngineError

R = TypeVar("R")


def run_cancellable(run: Callable[[ort.RunOptions], R], cancel: CancelToken | None) -> R:
    """What ``run`` gives, which hands the options on to onnxruntime.

    Raises ``EngineCancelled`` soon after ``cancel`` is set, ``EngineError`` where the run fails.
    """
    options = ort.RunOptions()
    remove = cancel.on_cancel(lambda: setattr(options, "terminate", True)) if cancel is not None else lambda: None
    try:
        if cancel is not None and cancel.cancelled:
            raise EngineCancelled("The request was cancelled.")
        return run(options)
    except EngineCancelled:
        raise
    except Exception as error:
        if cancel is not None and cancel.cancelled:
            raise EngineCancelled("The request was cancelled.") from None
        raise EngineError(
            f"The model failed: {str(error).splitlines()[0]}", "See the log; restarting may help."
        ) from error
    finally:
        remove()
