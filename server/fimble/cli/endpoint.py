"""What an endpoint says when it is asked once: facts for ``fimble doctor``."""

from __future__ import annotations

from dataclasses import dataclass

from fimble.config import Config
from fimble.errors import FimbleError


@dataclass(frozen=True, slots=True)
class EndpointFacts:
    """Where code is sent, and what answers there."""

    host: str
    """As the option names it, where it cannot be asked at all."""
    model: str = ""
    family: str = ""
    """How it is asked: a prompt family, or ``suffix``."""
    is_encrypted: bool = False
    has_key: bool = False
    problem: str = ""
    """Why it does not answer; empty when it does."""


def inspect_endpoint(config: Config) -> EndpointFacts | None:
    """Ask ``config.endpoint`` for one token of nothing; ``None`` where there is none. No code is sent."""
    if not config.endpoint:
        return None
    from fimble.cli.wiring_remote import address_in, remote_engine
    from fimble.engine.remote.keys import find_key
    from fimble.prompt.dialect import Dialect

    host = "endpoint"
    try:
        address = address_in(config)
        host = address.host
        has_key = bool(find_key(config.endpoint_key, config.endpoint_key_name or host))
        engine = remote_engine(config)
    except FimbleError as error:
        return EndpointFacts(host, problem=str(error))
    try:
        about, wrong = engine.line.about, engine.line.standing.error
        family = Dialect(config.endpoint_family).family_for(about.model)
        return EndpointFacts(host, about.model, family, address.is_encrypted, has_key, str(wrong) if wrong else "")
    finally:
        engine.close()
