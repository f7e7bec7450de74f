"""The endpoint's key, from where a person keeps secrets: the environment, or the system's keyring.

Never from a file of options: those are shown, copied and committed.
"""

from __future__ import annotations

import logging

from fimble.errors import ConfigError

VARIABLE = "FIMBLE_ENDPOINT_KEY"
SERVICE = "fimble"
"""Under which keyrings keep it: ``keyring set fimble HOST``."""

logger = logging.getLogger(__name__)


def find_key(given: str, entry: str) -> str:
    """``given``, from the environment, or else what the keyring has under ``entry``; empty where there is none.

    Raises ``ConfigError`` for one that cannot be a key.
    """
    key = (given or _in_keyring(entry)).strip()
    if not all("!" <= char <= "~" for char in key):
        raise ConfigError("The endpoint's key has characters that no key has.", "Set it again, without line breaks.")
    return key


def _in_keyring(entry: str) -> str:
    try:
        import keyring
    except ImportError:
        return ""
    try:
        return keyring.get_password(SERVICE, entry) or ""
    except Exception as error:
        logger.info("The keyring gives no key: %s", error, exc_info=True)
        return ""
