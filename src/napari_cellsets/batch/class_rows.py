"""One line of a table of classes, and the tables that whole files make."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from napari_cellsets.classify.table import ClassTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NONE = (None, None)


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One cell; the fields are the columns, in this order.

    Parameters
    ----------
    image
        File of the image, relative to the set, as in a table of counts.
    predicted
        Class of the cell, as the data set calls it where it has a name for it; or
        that it is not known.
    confidence
        Probability of the likeliest class, 0..1.
    truth
        Class as published; None where there is none.
    second, second_confidence, third, third_confidence
        The next likely classes.
    nearest
        Likeliest class, also of cells that are not known.
    distance
        How far the cell lies from everything learnt; None where the model does not
        tell.
    """

    image: str
    predicted: str
    confidence: float
    truth: str | None
    second: str | None
    second_confidence: float | None
    third: str | None
    third_confidence: float | None
    nearest: str
    distance: float | None

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """Return the names of the columns, in order."""
        return tuple(_kinds(cls))

    @classmethod
    def of(
        cls, table: ClassTable, index: int, image: str, truth: str | None, **more: Any
    ) -> Self:
        """Return the row of one cell of a table, rounded as the file will be."""
        best: list[tuple[str | None, float | None]] = [*table.top(index)]
        (first, share), (second, share_2), (third, share_3) = [
            (name, _rounded(value)) for name, value in (*best, _NONE, _NONE)[:3]
        ]
        far = None if table.distance is None else float(table.distance[index])
        far = _rounded(far)
        # Judged by the rounded figure, so that the file agrees with itself.
        known = table.limit is None or far is None or far <= table.limit
        return cls(
            image=image,
            predicted=(first or "") if known else table.unknown,
            confidence=share or 0.0,
            truth=truth,
            second=second,
            second_confidence=share_2,
            third=third,
            third_confidence=share_3,
            nearest=first or "",
            distance=far,
            **more,
        )

    def best(self) -> list[tuple[str, float]]:
        """Return the likeliest classes and their shares, best first."""
        named = (
            (self.nearest, self.confidence),
            (self.second, self.second_confidence),
            (self.third, self.third_confidence),
        )
        return [(name, share) for name, share in named if name and share is not None]

    def texts(self) -> list[str]:
        """Return one text a column; empty where there is nothing to say."""
        return [_text(getattr(self, name)) for name in self.columns()]

    @classmethod
    def from_texts(cls, texts: Mapping[str, str]) -> Self:
        """Return the row that `texts` wrote.

        Raises
        ------
        ValueError, KeyError
            If a column is missing or holds no number where one belongs.
        """
        values: dict[str, Any] = {
            name: _value(kind, texts[name]) for name, kind in _kinds(cls).items()
        }
        return cls(**values)


@dataclass(frozen=True, slots=True)
class ObjectRow(ClassRow):
    """One object of an image.

    Parameters
    ----------
    label
        Its number in the label image.
    y, x
        Its centroid in px, pixel centres at integers.
    """

    label: int
    y: float
    x: float


def table_of(
    rows: Sequence[ClassRow],
    classes: Sequence[str],
    titles: Sequence[str],
    *,
    limit: float | None,
    unknown: str,
) -> ClassTable:
    """Return what rows of a file tell, as a table.

    Probabilities of classes that a row does not name are 0.

    Parameters
    ----------
    rows
        Of one file.
    classes, titles, limit, unknown
        Of the model, as in `ClassTable`.
    """
    place = {name: k for k, name in enumerate(classes)}
    probabilities = np.zeros((len(rows), len(classes)), np.float32)
    for i, row in enumerate(rows):
        above = 1.0
        for name, share in row.best():
            # Shares that are equal in the file keep the order that it tells.
            above = min(share, above)
            if name in place:
                probabilities[i, place[name]] = above
            above *= 1 - 1e-6
    distance = None
    if any(row.distance is not None for row in rows):
        distance = np.array(
            [np.nan if row.distance is None else row.distance for row in rows]
        )
    return ClassTable(
        names_of(rows),
        tuple(classes),
        tuple(titles),
        probabilities,
        distance,
        limit,
        unknown,
    )


def names_of(rows: Sequence[ClassRow]) -> tuple[str, ...]:
    """Return what to call cells: their image, and their label where there is one."""
    return tuple(
        f"{row.image}#{row.label}" if isinstance(row, ObjectRow) else row.image
        for row in rows
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 6)


def _text(value: str | float | None) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    return str(value)


def _value(kind: str, text: str) -> str | float | None:
    if text == "" and kind.endswith("None"):
        return None
    if kind.startswith("str"):
        return text
    return int(text) if kind == "int" else float(text)


def _kinds(row: type[ClassRow]) -> dict[str, str]:
    """Return the columns of a table and what is in them."""
    return {field.name: str(field.type) for field in fields(row)}
