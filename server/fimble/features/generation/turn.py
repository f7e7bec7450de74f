"""Leave to use the engine: for as long as nobody needs it more."""

from __future__ import annotations

from fimble.engine.base import CancelToken


class Turn:
    """Of one piece of long work. What is short, such as ghost text, may interrupt it; what is written is kept."""

    def __init__(self, cancel: CancelToken | None = None) -> None:
        """``cancel`` ends the work for good."""
        self.cancel = cancel or CancelToken()
        self.pause = self.cancel
        """Stops the engine, for good or for a while: what engines are given."""

    def begin(self) -> None:
        """Before each step, on the thread that may call ``give_way``."""
        pause = self.pause = CancelToken()
        self.cancel.on_cancel(pause.cancel)

    def give_way(self) -> None:
        """Interrupt the step that runs, or is about to; the next ``begin`` goes on."""
        if self.pause is not self.cancel:
            self.pause.cancel()
