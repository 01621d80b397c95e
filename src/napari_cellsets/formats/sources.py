"""Bytes at an offset: of a file, of a part of a file, of memory.

Nothing here keeps a file of the person open, so archives can be moved or
deleted while a data set is shown, and every thread reads for itself.
"""

from __future__ import annotations

import errno
import io
import os
import stat
import tempfile
import threading
from typing import TYPE_CHECKING, Any, Protocol

from napari_cellsets.core.errors import UnreadableFileError

if TYPE_CHECKING:
    from pathlib import Path


def read_file(path: str | Path, length: int = -1) -> bytes:
    """Return the first bytes of a file on disk, all of them for -1.

    Raises
    ------
    UnreadableFileError
        If it is missing, may not be read, or is a pipe or a device, on which
        reading could wait for ever.
    """
    regular_size(path)
    try:
        with open(path, "rb") as file:
            return file.read(length)
    except OSError as error:
        raise unreadable(path, error) from error


def regular_size(path: str | Path) -> int:
    """Size of a file on disk; see `read_file` for the errors."""
    try:
        found = os.stat(path)
    except OSError as error:
        raise unreadable(path, error) from error
    if not stat.S_ISREG(found.st_mode):
        raise UnreadableFileError("this is no ordinary file", path=path)
    return found.st_size


def unreadable(place: str | Path, error: OSError) -> UnreadableFileError:
    """Say in one sentence why a file or folder cannot be read."""
    advice = "Check the disk and open the data set again."
    if isinstance(error, FileNotFoundError):
        advice = "It may have been moved: open the data set again."
    elif isinstance(error, PermissionError):
        advice = "Ask its owner for the right to read it."
    elif error.errno in (errno.EMFILE, errno.ENFILE):
        advice = "Close other programs or start this one anew; the disk is sound."
    return UnreadableFileError(
        f"cannot be read: {error.strerror or error}", path=place, advice=advice
    )


class Source(Protocol):
    """Something that gives bytes at an offset, from any thread."""

    size: int

    def read_at(self, offset: int, length: int) -> bytes:
        """Return at most `length` bytes; fewer only at the end."""
        ...


def read_into(source: Source, offset: int, target: memoryview) -> int:
    """Fill memory from any source; return how many bytes there were.

    Parameters
    ----------
    source
        Read straight into the memory where it can do that.
    offset
        Of the first byte wanted.
    target
        Bytes, writable.

    Raises
    ------
    UnreadableFileError
        As reading the source does.
    """
    own = getattr(source, "read_into", None)
    if own is not None:
        return int(own(offset, target))
    content = source.read_at(offset, len(target))
    target[: len(content)] = content
    return len(content)


def _fill(file: io.FileIO, target: memoryview) -> int:
    have = 0
    while have < len(target):
        read = file.readinto(target[have:])
        if not read:
            break
        have += read
    return have


class FileSource:
    """A file on disk, opened anew for each read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.size = regular_size(path)

    def read_at(self, offset: int, length: int) -> bytes:
        """Return at most `length` bytes; fewer only at the end."""
        try:
            with open(self._path, "rb") as file:
                file.seek(offset)
                return file.read(length)
        except OSError as error:
            raise unreadable(self._path, error) from error

    def read_into(self, offset: int, target: memoryview) -> int:
        """Fill memory; return how many bytes there were."""
        try:
            with open(self._path, "rb", buffering=0) as file:
                file.seek(offset)
                return _fill(file, target)
        except OSError as error:
            raise unreadable(self._path, error) from error


class WindowSource:
    """A stretch of another source: an archive stored in an archive."""

    def __init__(self, outer: Source, start: int, size: int) -> None:
        self._outer = outer
        self._start = start
        self.size = size

    def read_at(self, offset: int, length: int) -> bytes:
        """Return at most `length` bytes; fewer only at the end."""
        length = max(0, min(length, self.size - offset))
        return self._outer.read_at(self._start + offset, length)

    def read_into(self, offset: int, target: memoryview) -> int:
        """Fill memory; return how many bytes there were."""
        length = max(0, min(len(target), self.size - offset))
        return read_into(self._outer, self._start + offset, target[:length])


class HeldSource:
    """Inflated bytes, in memory or in an unnamed temporary file when large."""

    def __init__(self, content: bytes, *, in_memory: int) -> None:
        self.size = len(content)
        self._lock = threading.Lock()
        self._file = (
            io.BytesIO(content) if self.size <= in_memory else _spilled(content)
        )

    def read_at(self, offset: int, length: int) -> bytes:
        """Return at most `length` bytes; fewer only at the end."""
        with self._lock:
            self._file.seek(offset)
            return self._file.read(length)

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()


def _spilled(content: bytes) -> io.BytesIO:
    held = tempfile.TemporaryFile()
    held.write(content)
    return held  # type: ignore[return-value]


class SourceFile(io.RawIOBase):
    """A source as a seekable file, for readers that want one."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._at = 0

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """It can be searched."""
        return True

    def tell(self) -> int:
        """Present offset."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; see `io.IOBase.seek`."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at}.get(whence, self._source.size)
        self._at = max(0, base + offset)
        return self._at

    def readall(self) -> bytes:
        """Return all that follows."""
        return self._take(self._source.size - self._at)

    def read(self, size: int | None = -1) -> bytes:
        """Return at most `size` bytes."""
        return self.readall() if size is None or size < 0 else self._take(size)

    def readinto(self, target: Any) -> int:
        """Fill a buffer; return how many bytes there were."""
        content = self._take(len(target))
        target[: len(content)] = content
        return len(content)

    def _take(self, length: int) -> bytes:
        content = self._source.read_at(self._at, max(0, length))
        self._at += len(content)
        return content
