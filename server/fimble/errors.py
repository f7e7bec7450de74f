"""Everything fimble can tell a person has gone wrong, in one tree.

Foreign exceptions are mapped to these at the seam where they arise, so that a
handler catches one base class and a person reads what happened and what to do.

    FimbleError
    ├── ConfigError               an option has no meaning; the default is used where that is safe
    │   └── FolderTooWide           a folder that is hardly one workspace: a person has to be asked first
    ├── DocumentError             a file or position that cannot be completed
    │   ├── UnknownDocument         the editor never opened it
    │   ├── PositionOutside         line or column past the end
    │   ├── NotText                 not UTF-8
    │   └── DocumentTooLarge
    ├── WeightsError              getting, writing or checking a model
    │   ├── UnknownModel            no such catalogue entry
    │   ├── ModelNotInstalled       known, but not on this disk
    │   ├── DownloadFailed          every source failed (no network, no such file)
    │   ├── ChecksumMismatch        truncated or altered bytes
    │   ├── NotEnoughDisk
    │   ├── ModelFolderInvalid      written by another version, or damaged
    │   ├── UnsupportedArchitecture
    │   ├── VerificationFailed      the prepared model does not answer like its source
    │   └── AdapterInvalid          what was trained is damaged, or belongs to another base
    ├── TrainingError             a repository or a run that cannot train a model
    │   ├── NothingToLearn          too little in the repository that may be learned from
    │   └── TrainingUnavailable     what training needs is not installed
    ├── ActionRefused             an action cannot be done here, or nothing that came of it holds up
    ├── AcceptanceUnavailable     what was shown and accepted cannot be counted or read
    ├── IndexUnavailable          the index of a workspace cannot be written or read
    │   ├── IndexFull               the disk, or what the index may take of it, is used up
    │   └── IndexDamaged            the file is no whole database any more; it is built anew
    ├── DaemonUnavailable         the process for all windows cannot be had, or must not be trusted
    └── EngineError               running a model
        ├── EngineCancelled         the caller asked to stop
        ├── PromptTooLong           prompt and answer exceed the context
        ├── ProviderUnavailable     a device was demanded and is not usable
        └── EndpointError           another machine, or another program, that runs the model
            ├── EndpointUnreachable   nobody answers
            │   └── EndpointSilent      somebody is there and says nothing
            ├── EndpointBusy          it asks for patience, or fails for now
            ├── EndpointRefused       it does not take the key, the path or the request
            └── EndpointGarbled       what it answers is no completion
"""


class FimbleError(Exception):
    """Base class. ``what`` says what happened, ``hint`` what the person can do about it."""

    exit_code = 1

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what} {self.hint}".strip()


class ConfigError(FimbleError):
    """An option has no meaning."""

    exit_code = 2


class FolderTooWide(ConfigError):
    """A folder is or holds all of a person's files, which nobody means as one workspace."""


class DocumentError(FimbleError):
    """A file or position that cannot be completed."""


class UnknownDocument(DocumentError):
    """The editor asks about a document that it never opened."""


class PositionOutside(DocumentError):
    """A line or column past the end of the document."""


class NotText(DocumentError):
    """The file is not UTF-8 text."""


class DocumentTooLarge(DocumentError):
    """The file is larger than fimble reads."""


class WeightsError(FimbleError):
    """Getting, writing or checking a model failed."""


class UnknownModel(WeightsError):
    """No catalogue entry has that name."""


class ModelNotInstalled(WeightsError):
    """The model is in the catalogue but not on this disk."""


class DownloadFailed(WeightsError):
    """Every source of a file failed."""


class ChecksumMismatch(WeightsError):
    """A file's bytes are not the ones the catalogue names."""


class NotEnoughDisk(WeightsError):
    """The disk cannot hold what is about to be written."""


class ModelFolderInvalid(WeightsError):
    """A model folder is damaged or was written by another version."""


class UnsupportedArchitecture(WeightsError):
    """No writer knows this architecture."""


class VerificationFailed(WeightsError):
    """The prepared model does not answer like its source."""


class AdapterInvalid(WeightsError):
    """An adapter is damaged, or belongs to another base."""


class TrainingError(FimbleError):
    """A repository or a run that cannot train a model."""


class NothingToLearn(TrainingError):
    """There is too little in the repository that may be learned from."""


class TrainingUnavailable(TrainingError):
    """What training needs is not installed."""


class ActionRefused(FimbleError):
    """An action cannot be done here, or nothing that came of it holds up."""


class AcceptanceUnavailable(FimbleError):
    """The file with the counts cannot be used."""


class IndexUnavailable(FimbleError):
    """The index of a workspace cannot be written or read."""


class IndexFull(IndexUnavailable):
    """The disk, or what an index may take of it, is used up."""


class IndexDamaged(IndexUnavailable):
    """The file is no whole database any more."""


class DaemonUnavailable(FimbleError):
    """The process for all windows cannot be had, or must not be trusted; a window serves itself then."""


class EngineError(FimbleError):
    """Running a model failed."""


class EngineCancelled(EngineError):
    """The caller asked to stop before an answer was complete."""


class PromptTooLong(EngineError):
    """Prompt and answer together exceed the context length."""


class ProviderUnavailable(EngineError):
    """A device was demanded and cannot be used."""


class EndpointError(EngineError):
    """The endpoint that runs the model did not answer as it should."""


class EndpointUnreachable(EndpointError):
    """Nobody answers there, or the connection is lost."""


class EndpointSilent(EndpointUnreachable):
    """The endpoint takes a request and says nothing for too long."""


class EndpointBusy(EndpointError):
    """The endpoint asks for patience, or fails for now."""

    def __init__(self, what: str, hint: str = "", retry_after_s: float | None = None) -> None:
        """``retry_after_s``: how long it asks to be left alone, where it says."""
        super().__init__(what, hint)
        self.retry_after_s = retry_after_s


class EndpointRefused(EndpointError):
    """The endpoint does not take the key, the path or the request."""

    def __init__(self, what: str, hint: str = "", is_of_request: bool = False) -> None:
        """``is_of_request``: it may take another request."""
        super().__init__(what, hint)
        self.is_of_request = is_of_request


class EndpointGarbled(EndpointError):
    """What the endpoint answers is no completion."""
