"""A body that is too long for memory, on its way to the disk."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from transforms.elements import Fetched, FetchedArchive
from transforms.fetch.answer import FetchError
from transforms.reasons import Reason

MAX_BYTES = 5_000_000_000
FREE_BYTES = 1_000_000_000
"""So much of the disk is left to others."""
_CHECKED_EVERY = 64_000_000

_STORED = frozenset({"", "identity", "gzip", "x-gzip", "zstd"})
"""Content codings that a reader of archives undoes itself: the file stays as short as it was sent."""


class ArchiveFile:
    """The file of one body; as a context manager it removes what was not kept.

    Args:
        directory: where it lies; None is the system's place for temporary files.
        came: told how many bytes came, for each piece.
    """

    def __init__(self, directory: Path | None, came: Callable[[int], None] = lambda size: None) -> None:
        self._directory = directory
        self._came = came
        self._digest = hashlib.blake2b(digest_size=8)
        self._file: BinaryIO | None = None
        self._path: Path | None = None
        self._checked_at = 0
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file:
            with suppress(OSError):
                self._file.close()
        if self._path:
            with suppress(OSError):
                self._path.unlink()

    def expect(self, codings: str, length: int | None) -> None:
        """Refuse what the headers say already: a content coding that is not stored, or too many bytes."""
        names = {name.strip().lower() for name in codings.split(",")}
        if not names <= _STORED:
            raise FetchError(Reason.UNSUPPORTED, f"an archive with content coding {codings[:100]}")
        self._check(length or 0)

    def write(self, data: bytes) -> None:
        """Take a piece; raises `FetchError` where it is too much, or the disk does not take it."""
        self.size += len(data)
        self._digest.update(data)
        if self.size > MAX_BYTES or self.size - self._checked_at >= _CHECKED_EVERY:
            self._checked_at = self.size
            self._check(len(data))
        try:
            self._opened().write(data)
        except OSError as error:
            raise FetchError(Reason.FAILED, f"{type(error).__name__}: {error}") from error
        self._came(len(data))

    def keep(self, response: Fetched) -> FetchedArchive:
        """The whole body under its last name."""
        try:
            self._opened().close()
            part = self._path or Path()
            path = part.with_suffix(".warc")
            part.replace(path)
        except OSError as error:
            raise FetchError(Reason.FAILED, f"{type(error).__name__}: {error}") from error
        self._file = self._path = None
        return FetchedArchive(response, str(path), self._digest.digest(), self._directory is None)

    def _opened(self) -> BinaryIO:
        if self._file is None:
            handle, name = tempfile.mkstemp(".part", "archive-", self._directory)
            self._path = Path(name)
            self._file = os.fdopen(handle, "wb")
        return self._file

    def _check(self, more: int) -> None:
        if max(self.size, more) > MAX_BYTES:
            raise FetchError(Reason.TOO_LARGE, f"more than {MAX_BYTES} bytes")
        free = shutil.disk_usage(self._directory or tempfile.gettempdir()).free
        if more > free - FREE_BYTES:
            raise FetchError(Reason.TOO_LARGE, f"{more or self.size} bytes or more, and the disk has {free} left")
