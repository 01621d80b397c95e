from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from batch_models import bright_model, squares, write_set
from napari_cellsets.batch.drawn_on import fingerprint
from napari_cellsets.batch.kept_export import Export
from napari_cellsets.batch.whole_set import (
    BY_HAND,
    SetPlan,
    SetRun,
    is_corrected,
    rows_of,
    summary_of_rows,
)
from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError
from napari_cellsets.counting.settings import CountSettings
from napari_cellsets.inference.metadata import model_hash, read_model_info
from napari_cellsets.store import LabelDelta, Project
from napari_cellsets.store.object_words import PICTURE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def silent(fraction: float, text: str) -> None:
    pass


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(tmp_path / "store.sqlite") as opened:
        yield opened


@pytest.fixture
def plan(tmp_path: Path, project: Project) -> SetPlan:
    info = read_model_info(bright_model(tmp_path / "bright.onnx"))
    return SetPlan(
        open_dataset(write_set(tmp_path / "set")),
        project,
        info,
        model_hash(info.path),
        CountSettings.for_model(info),
        "rgb",
    )


def names(plan: SetPlan) -> list[str]:
    return [sample.name for sample in plan.dataset.samples]


def stored(plan: SetPlan, sample: str) -> np.ndarray | None:
    found = plan.project.load_labels(plan.dataset.identity, sample, "cells")
    return None if found is None else found.labels


def test_every_sample_is_counted_and_kept(plan: SetPlan) -> None:
    run = SetRun(plan)(CancelToken(), silent)
    assert [row.figures.count for row in run.rows] == [3, 0, 5, 1]
    assert [row.sample for row in run.rows] == names(plan)
    kept = [stored(plan, name) for name in names(plan)]
    assert [int(labels.max()) for labels in kept if labels is not None] == [3, 0, 5, 1]


def test_corrected_sample_is_counted_as_it_is_and_left_alone(plan: SetPlan) -> None:
    first = names(plan)[0]
    before, after = squares(3), squares(2)
    place = (plan.dataset.identity, first, "cells")
    plan.project.save_labels(*place, before, {"source": "predicted"})
    delta = LabelDelta.between(before, after)
    assert delta is not None
    plan.project.record(*place, delta, {"source": BY_HAND})
    run = SetRun(plan)(CancelToken(), silent)
    assert run.rows[0].corrected
    assert run.rows[0].figures.count == 2
    assert np.array_equal(stored(plan, first), after)


def test_counts_tell_their_picture(plan: SetPlan) -> None:
    SetRun(plan)(CancelToken(), silent)
    dataset, project = plan.dataset, plan.project
    counts = {row["sample"]: row for row in project.counts(dataset.identity)}
    for sample in dataset.samples:
        found = project.load_labels(dataset.identity, sample.name, "cells")
        assert found is not None
        same = fingerprint(dataset.read_picture(sample))
        assert found.provenance[PICTURE] == counts[sample.name][PICTURE] == same


def test_a_picture_that_changed_under_corrections_is_told(plan: SetPlan) -> None:
    SetRun(plan)(CancelToken(), silent)
    sample = plan.dataset.samples[0]
    place = (plan.dataset.identity, sample.name, "cells")
    delta = LabelDelta.between(squares(3), squares(2))
    assert delta is not None
    plan.project.record(*place, delta, {"source": BY_HAND})
    assert SetRun(plan)(CancelToken(), silent).changed == []
    file = plan.dataset.path / sample.image
    Image.fromarray(255 - np.array(Image.open(file))).save(file)
    (told,) = SetRun(plan)(CancelToken(), silent).changed
    assert "another one than when its cells were drawn" in told
    out = plan.dataset.path.parent / "out"
    export = Export(plan.dataset, plan.project, [sample], out, None, True, False)
    assert told in export(CancelToken(), silent)


def test_sample_on_screen_waits_for_the_window(plan: SetPlan) -> None:
    first = names(plan)[0]
    run = SetRun(plan)
    assert not run.hold(first)
    run(CancelToken(), silent)
    assert stored(plan, first) is None
    assert int(run.waiting[first][0].max()) == 3


def test_sample_written_before_it_came_on_screen_is_told(plan: SetPlan) -> None:
    run = SetRun(plan)(CancelToken(), silent)
    assert run.hold(names(plan)[1])


def test_cancel_keeps_what_is_finished(plan: SetPlan) -> None:
    token = CancelToken()
    run = SetRun(plan)

    def stop_at_third(fraction: float, text: str) -> None:
        if text == "Image 3 of 4":
            token.cancel()

    with pytest.raises(CancelledError, match="Cancelled"):
        run(token, stop_at_third)
    assert [row.figures.count for row in run.rows] == [3, 0]
    assert len(plan.project.counts(plan.dataset.identity)) == 2


def test_bad_sample_is_named_and_passed_over(plan: SetPlan) -> None:
    (plan.dataset.tree.root / "images" / "p1.png").write_bytes(b"nothing")
    run = SetRun(plan)(CancelToken(), silent)
    assert [row.figures.count for row in run.rows] == [3, 5, 1]
    assert len(run.problems) == 1
    assert "p1.png" in run.problems[0]


def test_rows_come_back_from_the_store(plan: SetPlan) -> None:
    run = SetRun(plan)(CancelToken(), silent)
    counts = plan.project.counts(plan.dataset.identity)
    assert rows_of(counts, plan.dataset.samples) == run.rows


def test_rows_of_samples_that_are_gone_are_left_out(plan: SetPlan) -> None:
    SetRun(plan)(CancelToken(), silent)
    counts = plan.project.counts(plan.dataset.identity)
    assert len(rows_of(counts, plan.dataset.samples[:2])) == 2


def test_summary_pools_all_images(plan: SetPlan) -> None:
    summary = summary_of_rows(SetRun(plan)(CancelToken(), silent).rows)
    assert summary is not None
    assert (summary.images, summary.truth, summary.f1, summary.mae) == (4, 9, 1.0, 0.0)


def test_labels_nobody_touched_are_not_corrected(plan: SetPlan) -> None:
    SetRun(plan)(CancelToken(), silent)
    found = plan.project.load_labels(plan.dataset.identity, names(plan)[0], "cells")
    assert not is_corrected(found)
    assert not is_corrected(None)
