"""What a person sees of the server: messages, the log, and progress while the model loads."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from fimble.lsp.why import Answer, Answers
from fimble.text import Outcome

if TYPE_CHECKING:
    from fimble.lsp.server import FimbleServer

logger = logging.getLogger(__name__)

_CREATE_TIMEOUT_S = 30.0


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
        self.log(f"{name}:{position.line + 1}:{position.character + 1}: {what}, {latency_ms:.0f} ms")

    def load_progress(self, title: str) -> LoadProgress:
        """Begin to show that a model loads."""
        return LoadProgress(self._server, title, self._server.client.shows_progress)

    def _log(self, kind: types.MessageType, message: str) -> None:
        self._server.window_log_message(types.LogMessageParams(type=kind, message=message))

    def _show(self, kind: types.MessageType, message: str) -> None:
        self._server.window_show_message(types.ShowMessageParams(type=kind, message=f"fimble: {message}"))


class LoadProgress:
    """Work-done progress where the editor shows it, the log elsewhere.

    The editor must agree to the token before anything is reported under it. Loading does
    not wait for that: what was said meanwhile is shown when the agreement comes.
    """

    token = "fimble/load"

    def __init__(self, server: FimbleServer, title: str, supported: bool) -> None:
        self._server = server
        self._title = title
        self._begun = False
        self._last_message = ""
        self._ended = False
        self._creating = asyncio.ensure_future(self._create()) if supported else None

    def report(self, message: str) -> None:
        """What loading does now."""
        self._last_message = message
        if self._begun and not self._ended:
            self._send(types.WorkDoneProgressReport(message=message))
        elif self._creating is None:
            self._server.status.log(message)

    def end(self, message: str) -> None:
        """Loading is over, well or badly."""
        self._last_message = message
        self._ended = True
        if self._begun:
            self._send(types.WorkDoneProgressEnd(message=message))
        self._server.status.log(message)

    async def _create(self) -> None:
        params = types.WorkDoneProgressCreateParams(token=self.token)
        agreed = self._server.protocol.send_request_async(types.WINDOW_WORK_DONE_PROGRESS_CREATE, params)
        try:
            await asyncio.wait_for(agreed, _CREATE_TIMEOUT_S)
        except (TimeoutError, JsonRpcException) as error:
            logger.info("The editor shows no progress: %s", error)
            return
        self._begun = True
        self._send(types.WorkDoneProgressBegin(title=self._title, message=self._last_message))
        if self._ended:
            self._send(types.WorkDoneProgressEnd(message=self._last_message))

    def _send(
        self, value: types.WorkDoneProgressBegin | types.WorkDoneProgressReport | types.WorkDoneProgressEnd
    ) -> None:
        self._server.protocol.notify(types.PROGRESS, types.ProgressParams(token=self.token, value=value))
