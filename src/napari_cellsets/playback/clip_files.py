"""Films as GIF, MP4 or a folder of PNG, picture by picture in bounded memory."""

from __future__ import annotations

import itertools
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, cast

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

_QUALITY = "-crf", "18", "-preset", "veryfast"
"""Of H.264: what the eye cannot tell from the original, at a third of the time."""
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
def png_folder(
    path: Path, shape: tuple[int, int], fps: float, lut: Lut
) -> Iterator[Add]:
    """Yield a function that adds a picture to a folder, ``frame_000000.png`` first.

    Parameters
    ----------
    path
        The folder, which is there.
    shape, fps, lut
        As for `gif_file`; any number of pictures a second.

    Yields
    ------
    Callable
        Takes a picture, uint8 (height, width).
    """
    import cv2

    numbers = itertools.count()

    def add(picture: Indices) -> None:
        colours = np.ascontiguousarray(lut[picture][..., ::-1])
        _, packed = cv2.imencode(".png", colours)
        (path / f"frame_{next(numbers):06d}.png").write_bytes(packed.tobytes())

    yield add


@contextmanager
def mp4_file(path: Path, shape: tuple[int, int], fps: float, lut: Lut) -> Iterator[Add]:
    """Yield a function that adds a picture to an MP4.

    H.264 by the program that imageio-ffmpeg brings, else MPEG-4 by OpenCV. (Its own
    way to write does not tell when the program fails.)

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
        If neither can write here, or writing fails.
    """
    try:
        import imageio_ffmpeg

        program = imageio_ffmpeg.get_ffmpeg_exe()
        opened = _by_ffmpeg(program, path, shape, fps)
    except (ImportError, RuntimeError):
        opened = _by_opencv(path, shape, fps)
    with opened as send:
        yield lambda picture: send(lut[picture])


@contextmanager
def _by_ffmpeg(
    program: str, path: Path, shape: tuple[int, int], fps: float
) -> Iterator[Add]:
    height, width = shape
    command = [program, "-y", "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgb24"]
    command += ["-s", f"{width}x{height}", "-r", f"{fps:g}", "-i", "-", "-an"]
    command += ["-c:v", "libx264", "-pix_fmt", "yuv420p", *_QUALITY]
    command += ["-movflags", "+faststart", str(path)]
    hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=said,
            creationflags=hidden,
        ) as running,
    ):
        pipe = cast("IO[bytes]", running.stdin)
        try:
            yield lambda rgb: _send(pipe, rgb)
            pipe.close()
            failed = running.wait() != 0
        except BrokenPipeError:
            failed = True
        finally:
            # after a cancel nothing is finished; after the end this does nothing
            running.kill()
            with suppress(BrokenPipeError):
                pipe.close()
        if failed:
            running.wait()
            said.seek(0)
            words = said.read().decode(errors="replace").strip().splitlines()
            raise ExportError(
                f"ffmpeg could not write the film: {words[0] if words else 'it ended'}",
                path=path,
                advice="Choose GIF, or a disk with more room.",
            )


def _send(pipe: IO[bytes], rgb: NDArray[np.uint8]) -> None:
    pipe.write(np.ascontiguousarray(rgb).data)


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
