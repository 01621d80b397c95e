"""Training in sentences: what a run will do, how far it is, what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cellsets.training.model import TrainModel
    from napari_cellsets.training.request import TrainingPoint, TrainingResult

_MINUTE = 60


def plan_words(model: TrainModel) -> str:
    """Say what a run learns, from what and for how long.

    Parameters
    ----------
    model
        The choices; `running` names the set that was on screen when it began.
    """
    material = model.running or model.material
    cells = material.kind == "classifier"
    number = counted(material.number(model.labels), "cell" if cells else "picture")
    labels = "corrected cells of " if model.labels == "corrected" else ""
    if cells and labels:
        labels = f"classes as corrected ({material.corrected:,} of them) of "
    start = {
        "shipped": "the shipped model",
        "scratch": "random weights",
        "scratch densenet121": "random weights of DenseNet-121",
    }.get(str(model.start), getattr(model.start, "stem", ""))
    return (
        f"A {material.kind} learns from {labels}{number} of {material.title},"
        f" for {model.minutes:g} min, beginning with {start}."
    )


def outcome_words(result: TrainingResult) -> str:
    """Say in one sentence how well a model does, and how well the first one did.

    Parameters
    ----------
    result
        Of a run that ended or was stopped.
    """
    if not result.metrics:
        return "Trained. Nothing was held out to measure it on."
    before: Mapping[str, Any] = result.report.get("metrics", {}).get("before", {})
    after = result.metrics
    if "accuracy" in after:
        cells = counted(int(after.get("cells", 0)), "held-out cell")
        figures = [
            _change("right", before.get("accuracy"), after["accuracy"], per_cent=True),
            _change(
                "worst class",
                before.get("worst recall"),
                after.get("worst recall"),
                per_cent=True,
            ),
        ]
        return f"On {cells}: {_listed(figures)}."
    pictures = counted(int(after.get("images", 0)), "held-out picture")
    figures = [
        _change("F1", before.get("f1"), after.get("f1")),
        _change("counts off by", before.get("count_mae"), after.get("count_mae"), 1),
    ]
    return f"On {pictures}: {_listed(figures)}."


def is_better(result: TrainingResult) -> bool | None:
    """Whether the model does better than the one it began with; None if not known."""
    name = "accuracy" if "accuracy" in result.metrics else "f1"
    before = result.report.get("metrics", {}).get("before", {}).get(name)
    after = result.metrics.get(name)
    if before is None or after is None:
        return None
    return bool(after > before)


def counted(number: int, noun: str) -> str:
    """Return ``1 picture``, ``4 pictures``, ``17,092 cells``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def left_words(point: TrainingPoint | None, minutes: float | None, extra: float) -> str:
    """Say how long a run will go on.

    Parameters
    ----------
    point
        The last one; None before the first.
    minutes
        How long the run is to learn; None where only its steps count.
    extra
        Seconds since the last point.

    Returns
    -------
    str
        Empty while it cannot be told.
    """
    if point is None:
        return ""
    learnt = point.seconds + extra
    left = None if minutes is None else _MINUTE * minutes - learnt
    if point.steps and point.step:
        by_steps = point.seconds / point.step * (point.steps - point.step) - extra
        left = by_steps if left is None else min(left, by_steps)
    return "" if left is None else f"{clock_words(max(0.0, left))} left"


def clock_words(seconds: float) -> str:
    """Return ``9:05``, or ``1:02:03`` from an hour on."""
    whole = round(seconds)
    minutes, rest = divmod(whole, _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    if hours:
        return f"{hours}:{minutes:02d}:{rest:02d}"
    return f"{minutes}:{rest:02d}"


def curve_title(point: TrainingPoint) -> str:
    """Say what the score is and how far it got.

    Parameters
    ----------
    point
        The last one with a score.
    """
    name = point.score_name[:1].upper() + point.score_name[1:]
    best = "" if point.best is None else f", best {point.best:.3f}"
    return f"{name}{best}"


def _change(
    name: str,
    before: float | None,
    after: float | None,
    digits: int = 2,
    *,
    per_cent: bool = False,
) -> str:
    if after is None:
        return ""

    def said(value: float) -> str:
        return f"{100 * value:.1f} %" if per_cent else f"{value:.{digits}f}"

    if before is None:
        return f"{name} {said(after)}"
    return f"{name} {said(before)} before, {said(after)} now"


def _listed(parts: list[str]) -> str:
    return "; ".join(part for part in parts if part) or "nothing could be measured"
