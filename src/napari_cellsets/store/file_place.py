"""The file of a store where it lies: whether it is still there, and can be locked."""

from __future__ import annotations

import errno
import os
import tempfile
from typing import TYPE_CHECKING, Any

from napari_cellsets.core.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)


def watch(engine: Engine, file: Path) -> FileWatch:
    """Let an engine write to its file only while that lies at its place.

    An open file can be moved or deleted on Linux and macOS. What is written to it then
    is in no file that anybody finds again.
    """
    import sqlalchemy as sa

    found = FileWatch(file)
    sa.event.listen(engine, "do_connect", found.on_do_connect)
    sa.event.listen(engine, "connect", found.on_connect)
    sa.event.listen(engine, "checkout", found.on_checkout)
    return found


class FileWatch:
    """Knows which file each connection has open.

    Attributes
    ----------
    begun
        Whether the store is there: from then on no new file is made in its place.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self.begun = False

    def on_do_connect(self, *_: object) -> None:
        """Make no empty file where the store was."""
        if self.begun and self._now() is None:
            raise self._gone()

    def on_connect(self, _connection: object, record: Any) -> None:
        """Remember which file it is."""
        record.info["file"] = self._now()

    def on_checkout(self, _connection: object, record: Any, _: object) -> None:
        """Open the file anew that lies there now; refuse where there is none."""
        from sqlalchemy.exc import DisconnectionError

        now = self._now()
        if now is None:
            raise self._gone()
        if now != record.info["file"]:
            raise DisconnectionError

    def _now(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._file)
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _gone(self) -> StoreError:
        return StoreError(
            "was moved or deleted while it was open",
            path=self._file,
            advice="Put it back; what you do until then is not saved.",
        )


def can_lock(folder: Path) -> bool:
    """Whether files in a folder can be locked; some network drives cannot."""
    if os.name != "posix":
        return True
    import fcntl

    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in _NO_LOCKS
    return True
