"""Write aside, then rename: a file or folder is whole or not there at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellsets.core.errors import ExportError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def atomic_output(path: str | Path) -> Iterator[Path]:
    """Yield a place to write to; on success it becomes `path`, else it vanishes.

    Parameters
    ----------
    path
        Final place; its folder is made when absent. An older file there stays
        untouched until the new one is complete.

    Raises
    ------
    ExportError
        If the folder cannot be written or the disk is full.
    """
    final = Path(path)
    aside: Path | None = None
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            prefix=f".{final.stem[:40]}-", suffix=final.suffix, dir=final.parent
        )
        os.close(handle)
        aside = Path(name)
        yield aside
        with aside.open("rb+") as written:
            os.fsync(written.fileno())
        aside.chmod(0o666 & ~_current_umask())
        aside.replace(final)
        aside = None
    except OSError as error:
        raise ExportError(
            f"could not be written: {error.strerror or error}",
            path=final,
            advice="Choose a folder that you may write to and that has room.",
        ) from error
    finally:
        if aside is not None:
            aside.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """Yield an empty folder to fill; on success it becomes `path`, else it vanishes.

    Parameters
    ----------
    path
        Final place, which must not exist: a folder is never replaced.

    Raises
    ------
    ExportError
        If something is there already, or the place cannot be written.
    """
    final = Path(path)
    if final.exists():
        raise ExportError(
            "there is something of that name already",
            path=final,
            advice="Choose another name, or remove it first.",
        )
    aside: Path | None = None
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{final.stem[:40]}-", dir=final.parent))
        yield aside
        aside.chmod(0o777 & ~_current_umask())
        aside.replace(final)
        aside = None
    except OSError as error:
        raise ExportError(
            f"could not be written: {error.strerror or error}",
            path=final,
            advice="Choose a folder that you may write to and that has room.",
        ) from error
    finally:
        if aside is not None:
            shutil.rmtree(aside, ignore_errors=True)


def _current_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
