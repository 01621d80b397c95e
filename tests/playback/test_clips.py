"""Films show what the window shows, at the frame rate and length that were told."""

from __future__ import annotations

import builtins
import subprocess
from typing import TYPE_CHECKING, Any

import cv2
import imageio_ffmpeg
import numpy as np
import pytest
from made_recordings import SIZE, made, recorded
from PIL import Image

from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, ExportError
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.playback import clip_files
from napari_cellsets.playback.clip_marks import Marker, bar_length, stamp
from napari_cellsets.playback.clips import ClipPlan, ClipSettings, plan_clip, write_clip
from napari_cellsets.playback.filters import FilterChain, Polarity, Turn
from napari_cellsets.playback.frames import FrameMode, FrameSettings, render

if TYPE_CHECKING:
    from pathlib import Path

GREY = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, 1)
MIXED = np.random.default_rng(1).permutation(GREY.ravel()).reshape(256, 3)
BARE = ClipSettings(
    frames=FrameSettings(mode=FrameMode.SIGNED, window_us=200),
    slowdown=1000,
    fps=20,
    stamp=False,
    scale_bar=False,
)


def wanted(settings: ClipSettings, events: Events, now: int) -> np.ndarray:
    frame = render(events, SIZE, settings.frames, now)
    return np.rint(np.clip((frame + 3) / 6 * 255, 0, 255)).astype(np.uint8)


def frames_of_gif(path: Path) -> tuple[list[np.ndarray], int]:
    shown, milliseconds = [], 0
    with Image.open(path) as film:
        for number in range(film.n_frames):
            film.seek(number)
            milliseconds += film.info["duration"]
            shown.append(np.asarray(film.convert("RGB")))
    return shown, milliseconds


def frames_of_mp4(path: Path, plan: ClipPlan) -> list[np.ndarray]:
    program = imageio_ffmpeg.get_ffmpeg_exe()
    command = [program, "-v", "error", "-i", str(path), "-f", "rawvideo"]
    command += ["-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    shape = -1, plan.height, plan.width, 3
    return list(np.frombuffer(raw, np.uint8).reshape(shape))


def test_a_gif_shows_each_frame_in_the_colours_of_the_map(tmp_path: Path) -> None:
    recording = recorded(made(4000))
    plan = write_clip(tmp_path / "f.gif", recording, BARE, MIXED, 1000, 2000)
    shown, _ = frames_of_gif(tmp_path / "f.gif")
    assert len(shown) == plan.frames == 20
    everything = recording.read(0, 10**6)
    for number, picture in enumerate(shown):
        now = 1000 + 50 * number
        assert np.array_equal(picture, MIXED[wanted(BARE, everything, now)])


@pytest.mark.parametrize("fps", [7, 30, 50])
def test_a_gif_plays_as_long_as_was_told(tmp_path: Path, fps: int) -> None:
    settings = BARE.model_copy(update={"fps": fps})
    plan = write_clip(tmp_path / "f.gif", recorded(made()), settings, GREY, 0, 1000)
    _, milliseconds = frames_of_gif(tmp_path / "f.gif")
    assert milliseconds == pytest.approx(plan.seconds * 1000, abs=10)


def test_a_gif_of_nothing_keeps_its_frames(tmp_path: Path) -> None:
    recording = recorded(made())
    chain = FilterChain(filters=(Polarity(keep="on"), Polarity(keep="off")))
    write_clip(tmp_path / "f.gif", recording, BARE, GREY, 0, 1000, chain=chain)
    shown, _ = frames_of_gif(tmp_path / "f.gif")
    assert len(shown) == 20
    assert {int(picture.max()) for picture in shown} == {128}


def test_an_mp4_shows_each_frame(tmp_path: Path) -> None:
    recording = recorded(made(4000))
    settings = BARE.model_copy(update={"zoom": 16})
    plan = write_clip(tmp_path / "f.mp4", recording, settings, GREY, 1000, 2000)
    shown = frames_of_mp4(tmp_path / "f.mp4", plan)
    assert len(shown) == plan.frames == 20
    assert (plan.height, plan.width) == (80, 112)
    everything = recording.read(0, 10**6)
    for number, picture in enumerate(shown):
        now = 1000 + 50 * number
        exact = wanted(BARE, everything, now).repeat(16, 0).repeat(16, 1)
        assert np.abs(picture[:, :, 0].astype(int) - exact).mean() < 4


def test_an_mp4_has_even_sides(tmp_path: Path) -> None:
    plan = write_clip(tmp_path / "f.mp4", recorded(made()), BARE, GREY, 0, 1000)
    assert (plan.width, plan.height) == (8, 6)
    assert len(frames_of_mp4(tmp_path / "f.mp4", plan)) == plan.frames


@pytest.fixture
def no_ffmpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "imageio_ffmpeg":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)


@pytest.mark.usefixtures("no_ffmpeg")
def test_without_ffmpeg_opencv_writes_the_film(tmp_path: Path) -> None:
    settings = BARE.model_copy(update={"zoom": 16})
    plan = write_clip(
        tmp_path / "f.mp4", recorded(made(4000)), settings, GREY, 1000, 2000
    )
    film = cv2.VideoCapture(str(tmp_path / "f.mp4"))
    assert film.get(cv2.CAP_PROP_FRAME_COUNT) == plan.frames
    assert film.get(cv2.CAP_PROP_FPS) == pytest.approx(20)
    there, picture = film.read()
    film.release()
    assert there
    assert picture.shape == (80, 112, 3)


@pytest.mark.usefixtures("no_ffmpeg")
def test_where_nothing_writes_mp4_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cv2.VideoWriter, "isOpened", lambda _: False)
    with pytest.raises(ExportError, match="neither imageio-ffmpeg nor OpenCV"):
        write_clip(tmp_path / "f.mp4", recorded(made()), BARE, GREY, 0, 1000)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stop", [50, 100_000])
def test_a_film_that_ffmpeg_cannot_write_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: int
) -> None:
    # One frame: it fails while it is being closed. Many: the pipe breaks before.
    monkeypatch.setattr(clip_files, "_QUALITY", ("-preset", "nonsense"))
    settings = BARE.model_copy(update={"zoom": 16})
    with pytest.raises(ExportError, match=r"ffmpeg could not write the film: .*preset"):
        write_clip(tmp_path / "f.mp4", recorded(made()), settings, GREY, 0, stop)
    assert list(tmp_path.iterdir()) == []


def test_filters_pass_before_the_film(tmp_path: Path) -> None:
    recording = recorded(made(4000))
    chain = FilterChain(filters=(Polarity(keep="off"), Turn(quarters=1)))
    plan = write_clip(
        tmp_path / "f.gif", recording, BARE, GREY, 1000, 2000, chain=chain
    )
    assert (plan.width, plan.height) == SIZE[::-1]
    shown, _ = frames_of_gif(tmp_path / "f.gif")
    assert max(int(picture.max()) for picture in shown) == 128
    assert min(int(picture.min()) for picture in shown) < 128


def test_limits_and_adaptive_contrast_change_the_colours(tmp_path: Path) -> None:
    recording = recorded(made(4000))
    brightest = []
    for update in ({"limits": (-30.0, 30.0)}, {"adaptive": True}):
        settings = BARE.model_copy(update=update)
        write_clip(tmp_path / "f.gif", recording, settings, GREY, 1000, 1100)
        brightest.append(frames_of_gif(tmp_path / "f.gif")[0][0].max())
    assert brightest[0] < 160 < brightest[1]


def test_stamp_and_bar_are_drawn_where_nothing_happens(tmp_path: Path) -> None:
    big = Geometry(120, 80)
    recording = recorded(Events.of([0, 9000], [60, 60], [40, 40], [1, 1]), big)
    settings = BARE.model_copy(update={"stamp": True, "scale_bar": True})
    write_clip(tmp_path / "f.gif", recording, settings, GREY, 4000, 4200)
    shown, _ = frames_of_gif(tmp_path / "f.gif")
    ink = shown[0][:, :, 0] == 0
    assert ink[:30, :80].any()
    assert ink[50:, 60:].any()
    assert not ink[30:50].any()
    assert (shown[0][:30] != shown[1][:30]).any()


def test_a_cancelled_film_leaves_nothing(tmp_path: Path) -> None:
    for name in ("f.gif", "f.mp4"):
        token = CancelToken()
        with pytest.raises(CancelledError, match="Cancelled"):
            write_clip(
                tmp_path / name,
                recorded(made()),
                BARE,
                GREY,
                0,
                1000,
                token=token,
                progress=lambda part, _, token=token: token.cancel(),
            )
    assert list(tmp_path.iterdir()) == []


def test_progress_counts_frames(tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    write_clip(
        tmp_path / "f.gif",
        recorded(made()),
        BARE,
        GREY,
        0,
        1000,
        progress=lambda part, text: told.append((part, text)),
    )
    assert len(told) == 20
    assert told[-1] == (1.0, "Frame 20 of 20")


def test_the_number_of_frames_is_told_beforehand() -> None:
    settings = ClipSettings(slowdown=500, fps=25)
    plan = plan_clip(Geometry(1280, 720), settings, 0, 40_000, ".mp4")
    assert (plan.frames, plan.seconds, plan.step_us) == (500, 20.0, 80.0)


@pytest.mark.parametrize(
    ("change", "stop", "ending", "said"),
    [
        ({}, 10**9, ".mp4", "the film would have 25,000,000 frames"),
        ({}, 10**7, ".gif", "GIF is written up to 3,000 frames"),
        ({"fps": 60}, 1000, ".gif", "at most 50 frames a second, not 60"),
        ({"zoom": 8}, 1000, ".mp4", "10,240 x 5,760 pixels"),
        ({}, 0, ".gif", "the range holds no time"),
        ({}, 1000, ".avi", r"ends with .gif or .mp4, not with '.avi'"),
    ],
)
def test_absurd_films_are_refused(
    change: dict[str, Any], stop: int, ending: str, said: str
) -> None:
    settings = ClipSettings(slowdown=1000, fps=25).model_copy(update=change)
    with pytest.raises(ExportError, match=said):
        plan_clip(Geometry(1280, 720), settings, 0, stop, ending)


def test_a_colormap_of_another_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"colormap should be uint8 of shape"):
        write_clip(tmp_path / "f.gif", recorded(made()), BARE, GREY[:9], 0, 1000)


@pytest.mark.parametrize(
    ("time", "step", "text"),
    [
        (1_234_567, 1, "1.234567 s"),
        (1_234_567, 40, "1.23457 s"),
        (1_234_567, 1e5, "1.2 s"),
        (5_000_000, 1e6, "5 s"),
        (0, 0.3, "0.000000 s"),
    ],
)
def test_a_stamp_has_the_digits_that_tell_frames_apart(
    time: int, step: float, text: str
) -> None:
    assert stamp(time, step) == text


@pytest.mark.parametrize(
    ("width", "pixel_um", "length", "text"),
    [
        (1280, None, 200, "200 px"),
        (1280, 0.5, 200, "100 um"),
        (200, 0.25, 40, "10 um"),
        (800, 20, 100, "2 mm"),
        (4, None, 1, "1 px"),
        (10, 0.01, 2, "0.02 um"),
    ],
)
def test_a_scale_bar_is_round_and_fits(
    width: int, pixel_um: float | None, length: float, text: str
) -> None:
    assert bar_length(width, pixel_um) == (pytest.approx(length), text)


def test_marks_on_a_tiny_picture_stay_inside_it() -> None:
    picture = np.full((4, 5), 9, np.uint8)
    Marker((4, 5), 255, 0, (1.0, "1 px")).draw(picture, "0.000001 s")
    assert picture.shape == (4, 5)
    assert set(np.unique(picture)) <= {0, 9, 255}
