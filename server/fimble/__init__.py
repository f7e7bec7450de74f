"""fimble: local, private code completion over LSP."""

__version__ = "0.1.0"
