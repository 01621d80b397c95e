"""One line of a table of counts, and what a whole table says."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Self

from napari_cellsets.counting.evaluate import score
from napari_cellsets.counting.summary import SetSummary, summarise

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_cellsets.counting.confidence import CountInterval
    from napari_cellsets.counting.evaluate import Evaluation


@dataclass(frozen=True, slots=True)
class CountRow:
    """One image of a set; the fields are the columns, in this order.

    Parameters
    ----------
    image
        File of the image, relative to the set, with forward slashes.
    count
        Objects found.
    truth
        True objects; this and all that compares with it is None without truth.
    precision, recall, f1
        By centres within 40 px, one to one. All 1 where nothing was to be found
        and nothing was.
    matched, missed, extra
        Pairs, true objects without a partner, found ones without a partner.
    f1_iou, matched_iou
        One to one by overlap over union above 0.5.
    f1_published, matched_published
        By the rule of the code published with Fluorescent Neuronal Cells.
    f1_chance
        F1 by centres of as many random points.
    split
        Part of the set, as published.
    seconds
        Time that the image took.
    count_low, count_high, count_level
        Limits of the true count, and the share of pictures whose true count is
        meant to lie within such limits; None where the model was not measured.
    model
        Name of the model that counted.
    """

    image: str
    count: int
    truth: int | None = None
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    matched: int | None = None
    missed: int | None = None
    extra: int | None = None
    f1_iou: float | None = None
    matched_iou: int | None = None
    f1_published: float | None = None
    matched_published: int | None = None
    f1_chance: float | None = None
    split: str = ""
    seconds: float | None = None
    count_low: int | None = None
    count_high: int | None = None
    count_level: float | None = None
    model: str = ""

    @classmethod
    def of(
        cls,
        image: str,
        count: int,
        evaluation: Evaluation | None,
        *,
        split: str = "",
        seconds: float | None = None,
        interval: CountInterval | None = None,
        model: str = "",
    ) -> Self:
        """Return the row of an image that was counted."""
        row = cls(image=image, count=count, split=split, seconds=seconds, model=model)
        if interval is not None:
            row = replace(
                row,
                count_low=interval.low,
                count_high=interval.high,
                count_level=interval.level,
            )
        if evaluation is None:
            return row
        return replace(
            row,
            truth=evaluation.truth_count,
            precision=evaluation.precision,
            recall=evaluation.recall,
            f1=evaluation.f1,
            matched=evaluation.true_positives,
            missed=evaluation.false_negatives,
            extra=evaluation.false_positives,
            f1_iou=evaluation.by_iou.f1,
            matched_iou=evaluation.by_iou.true_positives,
            f1_published=evaluation.published.f1,
            matched_published=evaluation.published.true_positives,
            f1_chance=evaluation.chance_f1,
        )

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """Return the names of the columns, in order."""
        return COLUMNS

    def texts(self) -> list[str]:
        """Return one text a column; empty where there is nothing to say."""
        return [_text(getattr(self, name)) for name in COLUMNS]

    @classmethod
    def from_texts(cls, texts: Mapping[str, str]) -> Self:
        """Return the row that `texts` wrote.

        Raises
        ------
        ValueError, KeyError
            If a column is missing or holds no number where one belongs. The columns
            of trust and model may be missing, as in older tables.
        """
        values: dict[str, Any] = {
            n: _value(n, texts[n]) for n in COLUMNS if n in texts or n not in _LATER
        }
        return cls(**values)


COLUMNS = tuple(field.name for field in fields(CountRow))
_LATER = ("count_low", "count_high", "count_level", "model")
_WORDS = ("image", "split", "model")
_WHOLE = tuple(f.name for f in fields(CountRow) if str(f.type).startswith("int"))


def _text(value: str | float | None) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _value(name: str, text: str) -> str | float | None:
    if name in _WORDS:
        return text
    if name != "count" and text == "":
        return None
    return int(text) if name in _WHOLE else float(text)


def summary_of(rows: Sequence[CountRow]) -> SetSummary | None:
    """Return figures over the rows with truth; None where there are none."""
    judged = [row for row in rows if row.truth is not None]
    if not judged:
        return None
    summary = summarise([(row.count, row.truth or 0) for row in judged])

    def pooled(name: str) -> tuple[float, float, float]:
        matched = sum(getattr(row, name) or 0 for row in judged)
        return score(matched, summary.predicted, summary.truth)

    precision, recall, f1 = pooled("matched")
    return replace(
        summary,
        precision=precision,
        recall=recall,
        f1=f1,
        f1_by_iou=pooled("matched_iou")[2],
        published_f1=pooled("matched_published")[2],
    )
