"""What is wrong with an endpoint, as a sentence that names it and says what comes next."""

from __future__ import annotations

from fimble.errors import EndpointBusy, EndpointError, EndpointGarbled, EndpointRefused

_AGAIN = "It is tried again by itself; suggestions resume when it answers."
_NO_SERVER = "Is endpoint the address of an OpenAI-compatible server, which /completions is added to?"
_OPTIONS = "Check the options that begin with endpoint."


def named(error: EndpointError, host: str) -> EndpointError:
    """``error``, which says only what it did, of the endpoint at ``host``."""
    hint = error.hint.replace("HOST", host)
    colon = ":" if error.what.startswith("it") else ""  # "its answer is …"
    what = f"{host}{colon} {error.what.rstrip('.')}."
    if isinstance(error, EndpointBusy):
        return EndpointBusy(what, hint or _AGAIN, error.retry_after_s)
    if isinstance(error, EndpointRefused):
        return EndpointRefused(what, hint or _OPTIONS, error.is_of_request)
    return type(error)(what, hint or (_NO_SERVER if isinstance(error, EndpointGarbled) else _AGAIN))
