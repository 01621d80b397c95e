"""Films as GIF or MP4, written picture by picture in bounded memory."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.errors import ExportError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Indices = NDArray[np.uint8]
    Lut = NDArray[np.uint8]
    Add = Callable[[NDArray[np.uint8]], None]

FASTEST_GIF = 50
"""Pictures a second; viewers slow down what has a shorter pause than 20 ms."""

_QUALITY = "18"  # of H.264: what the eye cannot tell from the original
_LOOP = b"!\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"


@contextmanager
def gif_file(path: Path, shape: tuple[int, int], fps: float, lut: Lut) -> Iterator[Add]:
    """Yield a function that adds a picture to a GIF.

    Pillow packs the pictures, but its own way to save films holds them all in memory.

    Parameters
    ----------
    path
        The file.
    shape
        (height, width).
    fps
        Pictures a second, at most `FASTEST_GIF`.
    lut
        uint8, (256, 3): colours of the numbers in the pictures, kept exactly.

    Yields
    ------
    Callable
        Takes a picture, uint8 (height, width).
    """
    height, width = shape
    with path.open("wb") as file:
        sides = width.to_bytes(2, "little") + height.to_bytes(2, "little")
        file.write(b"GIF89a" + sides + b"\xf7\x00\x00" + lut.tobytes() + _LOOP)
        before: Indices | None = None
        count = 0

        def add(picture: Indices) -> None:
            nonlocal before, count
            # pauses are whole 10 ms: shared out so that the film keeps its length
            pause = round(100 * (count + 1) / fps) - round(100 * count / fps)
            file.writelines(_packed(picture, before, pause * 10))
            before, count = picture.copy(), count + 1

        yield add
        file.write(b";")


def _packed(picture: Indices, before: Indices | None, pause_ms: int) -> list[bytes]:
    """Return the part of a picture that is new, ready for a GIF."""
    from PIL import GifImagePlugin, Image

    rows, columns = slice(None), slice(None)
    if before is not None:
        changed = picture != before
        rows, columns = _extent(changed.any(1)), _extent(changed.any(0))
    image = Image.fromarray(np.ascontiguousarray(picture[rows, columns]))
    corner = columns.start or 0, rows.start or 0
    packed: list[bytes] = GifImagePlugin.getdata(image, corner, duration=pause_ms)
    return packed


def _extent(marks: NDArray[np.bool_]) -> slice:
    """Return from the first to the last mark; one pixel where nothing is marked."""
    places = np.flatnonzero(marks)
    return slice(int(places[0]), int(places[-1]) + 1) if len(places) else slice(0, 1)


@contextmanager
def mp4_file(path: Path, shape: tuple[int, int], fps: float, lut: Lut) -> Iterator[Add]:
    """Yield a function that adds a picture to an MP4.

    H.264 by imageio-ffmpeg where that is installed, else MPEG-4 by OpenCV.

    Parameters
    ----------
    path, fps, lut
        As for `gif_file`; any number of pictures a second.
    shape
        (height, width), both even.

    Yields
    ------
    Callable
        Takes a picture, uint8 (height, width).

    Raises
    ------
    ExportError
        If neither library can write here.
    """
    try:
        import imageio_ffmpeg

        program = imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError):
        program = None
    opened = _by_opencv if program is None else _by_ffmpeg
    with opened(path, shape, fps) as send:
        yield lambda picture: send(lut[picture])


@contextmanager
def _by_ffmpeg(path: Path, shape: tuple[int, int], fps: float) -> Iterator[Add]:
    import imageio_ffmpeg

    height, width = shape
    writer = imageio_ffmpeg.write_frames(
        str(path),
        (width, height),
        fps=fps,
        codec="libx264",
        quality=None,
        macro_block_size=2,
        output_params=["-crf", _QUALITY, "-movflags", "+faststart"],
        ffmpeg_log_level="error",
    )
    writer.send(None)
    try:
        yield lambda rgb: writer.send(np.ascontiguousarray(rgb))
    finally:
        writer.close()


@contextmanager
def _by_opencv(path: Path, shape: tuple[int, int], fps: float) -> Iterator[Add]:
    import cv2

    height, width = shape
    code = cv2.VideoWriter.fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(path), code, fps, (width, height))
    if not writer.isOpened():
        raise ExportError(
            "neither imageio-ffmpeg nor OpenCV can write MP4 here",
            path=path,
            advice='Install "imageio-ffmpeg", or choose GIF.',
        )

    def send(rgb: NDArray[np.uint8]) -> None:
        writer.write(np.ascontiguousarray(rgb[:, :, ::-1]))

    try:
        yield send
    finally:
        writer.release()
