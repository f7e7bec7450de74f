"""What a person sees of the server: messages and the log."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from lsprotocol import types

from fimble.lsp.why import Answer, Answers
from fimble.text import Outcome

if TYPE_CHECKING:
    from fimble.lsp.server import FimbleServer

logger = logging.getLogger(__name__)


class Status:
    """Speaks to the person through the editor, and to the log on stderr."""

    def __init__(self, server: FimbleServer) -> None:
        self._server = server
        self.answers = Answers()

    def log(self, message: str) -> None:
        """One line for the editor's log."""
        logger.info("%s", message)
        self._log(types.MessageType.Log, message)

    def note(self, message: str) -> None:
        """Something a person should know once, and that is no fault."""
        logger.info("%s", message)
        self._show(types.MessageType.Info, message)

    def warn(self, message: str) -> None:
        """Something a person should see once and can live with."""
        logger.warning("%s", message)
        self._show(types.MessageType.Warning, message)

    def error(self, message: str) -> None:
        """Something that keeps fimble from working."""
        logger.error("%s", message)
        self._show(types.MessageType.Error, message)

    def answered(self, uri: str, position: types.Position, outcome: Outcome, latency_ms: float) -> None:
        """Log what the request at ``position``, in the editor's units, came to, and keep it for ``fimble/why``."""
        self.answers.add(Answer(uri, position, outcome, latency_ms))
        if outcome.suggestions:
            what = (
                f"{len(outcome.suggestions)} suggestion{'s' * (len(outcome.suggestions) > 1)} "
                f"({outcome.num_prompt_tokens} prompt tokens, {outcome.num_reused_tokens} of them reused, "
                f"{outcome.num_generated_tokens} generated)"
            )
        else:
            reason = outcome.reason.value if outcome.reason else "the answer is empty"
            what = f"no suggestion: {reason}" + (f" ({outcome.detail})" if outcome.detail else "")
        name = uri.rpartition("/")[2]
        said = f"{name}:{position.line + 1}:{position.character + 1}: {what}, {latency_ms:.0f} ms"
        self.log(said)
        self._trace(said, outcome)

    def _trace(self, said: str, outcome: Outcome) -> None:
        """What an editor that traces is told: with ``verbose``, the texts too."""
        trace = self._server.protocol.trace
        if trace != types.TraceValue.Off:
            texts = "\n".join(repr(suggestion.text) for suggestion in outcome.suggestions)
            verbose = texts if trace == types.TraceValue.Verbose else None
            self._server.protocol.notify(types.LOG_TRACE, types.LogTraceParams(said, verbose))

    def _log(self, kind: types.MessageType, message: str) -> None:
        self._server.window_log_message(types.LogMessageParams(type=kind, message=message))

    def _show(self, kind: types.MessageType, message: str) -> None:
        self._server.window_show_message(types.ShowMessageParams(type=kind, message=f"fimble: {message}"))
