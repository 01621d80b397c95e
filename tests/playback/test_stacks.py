"""Stacks hold what their definition says, and other readers read them."""

from __future__ import annotations

import builtins
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from made_recordings import SIZE, made, recorded

from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, CellsetsError, ExportError
from napari_cellsets.core.events import Events
from napari_cellsets.playback import reading, stack_files, stacks
from napari_cellsets.playback.filters import FilterChain, Polarity, Refractory, Turn
from napari_cellsets.playback.stack_files import write_tiff_stack, write_zarr_stack
from napari_cellsets.playback.stacks import StackSettings, StackSource
from napari_cellsets.playback.voxels import voxel_grid

if TYPE_CHECKING:
    from pathlib import Path

lightly = settings(deadline=None, max_examples=30)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recordings come in pieces of 64 events."""
    monkeypatch.setattr(reading, "EVENTS_AT_ONCE", 64)


def whole(source: StackSource) -> np.ndarray:
    return np.stack(list(source.planes()))


@lightly
@given(st.integers(0, 900), st.integers(1, 900), st.integers(30, 400))
def test_counts_are_the_events_of_each_step(start: int, span: int, step: int) -> None:
    recording = recorded(made())
    source = StackSource(recording, StackSettings(step_us=step), start, start + span)
    events = recording.read(start, start + span)
    wanted = np.zeros(source.plan.shape, int)
    np.add.at(wanted, ((events.t - start) // step, events.p, events.y, events.x), 1)
    found = whole(source)
    assert found.dtype == np.uint16
    assert np.array_equal(found, wanted)


@lightly
@given(st.integers(0, 500), st.integers(1, 500), st.integers(30, 400))
def test_voxels_share_each_event_between_two_moments(
    start: int, span: int, step: int
) -> None:
    recording = recorded(made())
    settings = StackSettings(kind="voxels", step_us=step)
    source = StackSource(recording, settings, start, start + span)
    events = recording.read(start, start + span)
    wanted = np.zeros(source.plan.shape)
    for t, x, y, p in zip(*(getattr(events, c).tolist() for c in "txyp"), strict=True):
        for moment in range(len(wanted)):
            weight = max(0.0, 1 - abs(t - start - moment * step) / step)
            wanted[moment, p, y, x] += weight
    found = whole(source)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, atol=1e-4)
    assert found.sum() == pytest.approx(len(events), rel=1e-5)


def test_the_grid_of_zhu_2019_is_on_less_off() -> None:
    events = Events.of([0, 30, 90], [1, 1, 2], [0, 0, 3], [1, 0, 1])
    # their normalised times: (bins - 1) (t - first) / (last - first)
    grid = voxel_grid(events, SIZE, 0, 90 / (4 - 1), 4)
    signed = grid[:, 1] - grid[:, 0]
    assert signed[:, 0, 1].tolist() == [1, -1, 0, 0]
    assert signed[:, 3, 2].tolist() == [0, 0, 0, 1]


@pytest.mark.parametrize(("step", "bins"), [(0.0, 3), (10.0, 0)])
def test_a_grid_without_steps_is_refused(step: float, bins: int) -> None:
    with pytest.raises(CellsetsError, match="bins and a step above 0"):
        voxel_grid(Events.empty(), SIZE, 0, step, bins)


def test_surfaces_decay_from_the_last_event_of_each_polarity() -> None:
    events = Events.of([0, 100, 150, 400], [1, 1, 1, 2], [2, 2, 2, 3], [1, 0, 1, 0])
    settings = StackSettings(kind="surface", step_us=200, tau_us=100)
    found = whole(StackSource(recorded(events), settings, 0, 401))
    wanted = np.zeros((3, 2, *SIZE[::-1]))
    wanted[0, 0, 2, 1], wanted[0, 1, 2, 1] = np.exp([-0.99, -0.49])
    wanted[1, 0, 2, 1], wanted[1, 1, 2, 1] = np.exp([-2.99, -2.49])
    wanted[2, 0, 2, 1], wanted[2, 1, 2, 1] = np.exp([-3.0, -2.5])
    wanted[2, 0, 3, 2] = 1
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_filters_pass_before_the_stack() -> None:
    recording = recorded(made(2000))
    chain = FilterChain(
        filters=(Refractory(within_us=30), Polarity(keep="on"), Turn(quarters=1))
    )
    source = StackSource(recording, StackSettings(step_us=100), 1000, 2000, chain)
    passed = chain.apply(recording.read(0, 10**6), SIZE).events
    inside = passed.take((passed.t >= 1000) & (passed.t < 2000))
    found = whole(source)
    assert found.shape == (10, 2, SIZE.width, SIZE.height)
    assert not found[:, 0].any()
    assert found.sum() == len(inside)


def test_counts_that_do_not_fit_are_refused() -> None:
    zeros = np.zeros(65_536, int)
    recording = recorded(Events.of(zeros, zeros, zeros, zeros), spacing=1 << 15)
    with pytest.raises(ExportError, match="65,536 events in one step"):
        whole(StackSource(recording, StackSettings(), 0, 1))


def test_too_many_planes_are_refused() -> None:
    with pytest.raises(ExportError, match="would have 1,000,000 planes"):
        StackSource(recorded(made()), StackSettings(step_us=1), 0, 10**6)


def test_an_empty_range_is_refused() -> None:
    with pytest.raises(ExportError, match="the range holds no time"):
        StackSource(recorded(made()), StackSettings(), 5, 5)


def test_a_stack_larger_than_the_disk_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = stack_files.shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(stack_files.shutil, "disk_usage", lambda _: usage)
    source = StackSource(recorded(made()), StackSettings(step_us=10), 0, 1000)
    for write in (write_tiff_stack, write_zarr_stack):
        with pytest.raises(ExportError, match=r"needs up to .* GB are free"):
            write(tmp_path / "a", source)


KINDS = "counts", "voxels", "surface"


def made_source(kind: str) -> StackSource:
    settings = StackSettings(kind=kind, step_us=100, tau_us=300)
    return StackSource(recorded(made()), settings, 100, 1150)


@pytest.mark.parametrize("kind", KINDS)
def test_imagej_tiff_reads_back(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "stack.tif"
    plan = write_tiff_stack(path, made_source(kind), pixel_um=0.5)
    with tifffile.TiffFile(path) as tiff:
        series, facts = tiff.series[0], tiff.imagej_metadata
        assert (series.axes, series.shape) == ("TCYX", plan.shape)
        assert facts["finterval"] == pytest.approx(1e-4)
        assert facts["unit"] == "um"
        assert json.loads(facts["Info"])["kind"] == kind
        assert tiff.pages[0].tags["XResolution"].value == (2, 1)
        assert np.array_equal(series.asarray(), whole(made_source(kind)))


@pytest.mark.parametrize("kind", KINDS)
def test_ome_tiff_reads_back(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "stack.ome.tif"
    plan = write_tiff_stack(path, made_source(kind), pixel_um=0.5)
    with tifffile.TiffFile(path) as tiff:
        series, facts = tiff.series[0], tiff.ome_metadata
        assert tiff.is_ome
        assert (series.axes, series.shape) == ("TCYX", plan.shape)
        assert np.array_equal(series.asarray(), whole(made_source(kind)))
    for fact in ('TimeIncrement="0.0001"', 'PhysicalSizeX="0.5"', 'Name="OFF"'):
        assert fact in facts


def test_a_stack_too_large_for_imagej_becomes_ome(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack_files, "_IMAGEJ_BYTES", 100)
    path = tmp_path / "stack.tif"
    write_tiff_stack(path, made_source("counts"))
    with tifffile.TiffFile(path) as tiff:
        assert (tiff.is_ome, tiff.is_bigtiff) == (True, True)
        assert np.array_equal(tiff.asarray(), whole(made_source("counts")))


@pytest.mark.parametrize("kind", KINDS)
def test_zarr_reads_back(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "stack.zarr"
    plan = write_zarr_stack(path, made_source(kind), pixel_um=0.5)
    group = zarr.open_group(str(path), mode="r")
    assert group["0"].shape == plan.shape
    assert np.array_equal(group["0"][:], whole(made_source(kind)))
    scales = group.attrs["ome"]["multiscales"][0]
    assert [axis["name"] for axis in scales["axes"]] == ["t", "c", "y", "x"]
    transform = scales["datasets"][0]["coordinateTransformations"][0]
    assert transform == {"type": "scale", "scale": [1e-4, 1, 0.5, 0.5]}


def test_zarr_is_written_in_chunks_of_planes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack_files, "_CHUNK_BYTES", 500)
    path = tmp_path / "stack.zarr"
    write_zarr_stack(path, made_source("counts"))
    array = zarr.open_group(str(path), mode="r")["0"]
    assert array.chunks == (3, 2, SIZE.height, SIZE.width)
    assert np.array_equal(array[:], whole(made_source("counts")))


def test_without_zarr_it_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "zarr":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ExportError, match="needs the library zarr"):
        write_zarr_stack(tmp_path / "stack.zarr", made_source("counts"))


@pytest.mark.parametrize("name", ["stack.tif", "stack.ome.tif", "stack.zarr"])
def test_a_cancelled_stack_leaves_nothing(tmp_path: Path, name: str) -> None:
    write = write_zarr_stack if name.endswith("zarr") else write_tiff_stack
    token = CancelToken()
    with pytest.raises(CancelledError, match="Cancelled"):
        write(
            tmp_path / name,
            made_source("counts"),
            token=token,
            progress=lambda part, _: token.cancel(),
        )
    assert list(tmp_path.iterdir()) == []


def test_progress_counts_planes(tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    write_tiff_stack(
        tmp_path / "stack.tif",
        made_source("counts"),
        progress=lambda part, text: told.append((part, text)),
    )
    assert told[-1] == (1.0, "Plane 11 of 11")
    assert len(told) == 11


def test_planes_are_made_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    source = made_source("counts")
    planes = source.planes()
    next(planes)
    monkeypatch.setattr(stacks, "pixel_places", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError, match="division"):
        next(planes)
