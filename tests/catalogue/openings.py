"""Ways in which people hand over a set: its folder, archives, parts, single files."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def zipped(folder: Path, archive: Path, inside: str = "") -> Path:
    """Pack what lies in a folder, optionally below a folder of the archive."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                target.write(file, inside + file.relative_to(folder).as_posix())
    return archive


def seven_zipped(folder: Path, archive: Path) -> Path:
    """Pack a folder with its own name into a 7z archive."""
    import py7zr

    archive.parent.mkdir(parents=True, exist_ok=True)
    with py7zr.SevenZipFile(archive, "w") as target:
        target.writeall(folder, folder.name)
    return archive
