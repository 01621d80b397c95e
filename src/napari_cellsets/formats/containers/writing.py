"""What the writers of containers share: where files go, JSON, pictures."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from napari_cellsets.core.errors import ExportError
from napari_cellsets.formats.atomic import atomic_output

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import numpy as np

    from napari_cellsets.core.image import Picture
    from napari_cellsets.formats.containers.base import Marked


class Names:
    """Relative names for the files of pictures; no two pictures get the same."""

    def __init__(self) -> None:
        self._taken: dict[str, str] = {}

    def stem(self, marked: Marked) -> str:
        """Return the name of a picture without suffix, safe below any folder.

        Raises
        ------
        ExportError
            If it is no name, or another picture has the same one.
        """
        plain = PurePosixPath(marked.name.replace("\\", "/"))
        parts = [part for part in plain.parts if part not in ("/", "..", ".")]
        if not parts or "\0" in marked.name:
            raise ExportError(f"{marked.name!r} is no name for a picture")
        parts[-1] = PurePosixPath(parts[-1]).stem
        stem = "/".join(parts)
        before = self._taken.setdefault(stem.lower(), marked.name)
        if before != marked.name:
            raise ExportError(
                f"{before!r} and {marked.name!r} would be written to the same file",
                path=stem,
                advice="Rename one of the two pictures.",
            )
        return stem


def pictures_of(
    items: Iterable[Marked], folder: Path, *, with_images: bool
) -> Iterator[tuple[Marked, str, str]]:
    """Give pictures one by one, each saved before it is given where that is wanted.

    Parameters
    ----------
    items
        Pictures with what is marked in them.
    folder
        Folder of pictures.
    with_images
        Whether to write the pictures too.

    Yields
    ------
    tuple
        The picture, the stem of its files (see `Names.stem`), and its name: relative
        to `folder` where it was saved.

    Raises
    ------
    ExportError
        If two pictures have one name, or one cannot be written.
    """
    names = Names()
    for marked in items:
        stem = names.stem(marked)
        named = save_picture(marked, folder, stem) if with_images else marked.name
        yield marked, stem, named


def one_file(out: Path, default: str) -> Path:
    """File to write all annotations to: `out` itself, or `default` in that folder."""
    ours = Path(default).suffix.lower()
    return out if out.suffix.lower() == ours else out / default


def write_text(path: Path, text: str) -> Path:
    """Write text as UTF-8, whole or not at all."""
    with atomic_output(path) as aside:
        aside.write_text(text, encoding="utf-8", newline="\n")
    return path


def write_json(path: Path, content: Any) -> Path:
    """Write JSON, whole or not at all; numbers that are not finite are refused."""
    try:  # at once and without indent: five times faster than piece by piece
        text = json.dumps(content, allow_nan=False, ensure_ascii=False)
    except ValueError as error:
        raise ExportError(
            "a coordinate or property is not a finite number", path=path
        ) from error
    with atomic_output(path) as aside:
        aside.write_bytes(text.encode("utf-8", "replace"))
    return path


def save_picture(marked: Marked, folder: Path, stem: str) -> str:
    """Write the pixels of a picture beside its annotations.

    Parameters
    ----------
    marked
        The picture; nothing is written where it has no pixels.
    folder
        Folder of pictures.
    stem
        As of `Names.stem`.

    Returns
    -------
    str
        Name relative to `folder`: PNG for 8 and 16 bits, TIFF for the rest.
        Without pixels the name that the picture has now.

    Raises
    ------
    ExportError
        If it cannot be written.
    """
    if marked.picture is None:
        return marked.name
    picture = marked.picture()
    plain = picture.pixels.dtype.name in ("uint8", "uint16")
    if (
        plain
        and not picture.axes.startswith("z")
        and picture.channel_count in (1, 3, 4)
    ):
        name = f"{stem}.png"
        _write_png(folder / name, picture)
    else:
        name = f"{stem}.tif"
        _write_tiff(folder / name, picture)
    return name


def _write_png(path: Path, picture: Picture) -> None:
    pixels = picture.pixels
    plain = picture.axes == "yxc" and pixels.shape[2] == 1
    write_colours(path, pixels[..., 0] if plain else pixels)


def write_colours(path: Path, pixels: np.ndarray) -> Path:
    """Write (y, x), RGB or RGB with alpha as PNG, whole or not at all."""
    import cv2

    if pixels.ndim == 3:
        pixels = pixels[..., [2, 1, 0, 3][: pixels.shape[2]]]
    packed = cv2.imencode(".png", pixels)[1]
    with atomic_output(path) as aside:
        aside.write_bytes(packed.tobytes())
    return path


def write_palette_png(path: Path, pixels: np.ndarray, palette: np.ndarray) -> Path:
    """Write indices with a table of colours, whole or not at all.

    Parameters
    ----------
    path
        Where to.
    pixels
        uint8, shape (y, x).
    palette
        uint8, shape (256, 3).
    """
    from PIL import Image

    height, width = pixels.shape
    image = Image.frombytes("P", (width, height), pixels.tobytes())
    image.putpalette(palette.astype("uint8").tobytes())
    with atomic_output(path) as aside:
        image.save(aside, format="PNG")
    return path


def _write_tiff(path: Path, picture: Picture) -> None:
    import tifffile

    with atomic_output(path) as aside:
        tifffile.imwrite(
            aside,
            picture.pixels,
            compression="zlib",
            photometric="rgb" if picture.rgb else "minisblack",
            metadata={"axes": picture.axes.upper()},
        )


class Categories:
    """Class ids of a file that is written, each with one name.

    Parameters
    ----------
    given
        Names that the data set has; written even where no object has them.
    first
        None to keep the ids of the data set; else classes are numbered from here
        on, in the order of their ids.
    """

    def __init__(self, given: Mapping[int, str], first: int | None = None) -> None:
        self.given = dict(given)
        self.names: dict[int, str] = {}
        self._of: dict[tuple[int, str], int] = {}
        self._first = first
        for at, (key, name) in enumerate(sorted(given.items())):
            own = key if first is None else first + at
            self.names[own] = name
            self._of[key, name] = own

    def id_of(self, class_id: int | None, label: str) -> int:
        """Id of a class in the file.

        Parameters
        ----------
        class_id
            Its id in the data set; None or below 0 for none.
        label
            Its name; empty for none, which becomes the class ``object``.
        """
        known = -1 if class_id is None else class_id
        found = self._of.get((known, label))
        if found is None:
            found = self._of[known, label] = self._new(known, label)
        return found

    def _new(self, class_id: int, label: str) -> int:
        name = label if label and class_id >= 0 else "object"
        if name == label and self._first is None and class_id not in self.names:
            self.names[class_id] = name
            return class_id
        for other, known in self.names.items():
            if known == name:
                return other
        low = 1 if self._first is None else self._first
        new = max([low - 1, *self.names]) + 1
        self.names[new] = name
        return new
