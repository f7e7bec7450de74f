"""What may never be read, indexed, sent or trained on: one door for every room above."""

from fimble.privacy.address import path_of
from fimble.privacy.content import looks_secret
from fimble.privacy.rules import Privacy

__all__ = ["Privacy", "looks_secret", "path_of"]
