"""What people and models said of objects, as columns of a table."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.counting.measure import ObjectTable
from napari_cellsets.store.object_words import origin_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cellsets.batch.kept_predictions import Predicted
    from napari_cellsets.batch.known_classes import KeptObjects


def with_facts(
    table: ObjectTable,
    kept: KeptObjects,
    predicted: Mapping[int, Predicted] | None = None,
) -> ObjectTable:
    """Return a table of objects with what is known of each besides its measures.

    Parameters
    ----------
    table
        From `measure`.
    kept
        The same labels.
    predicted
        What a classifier said of labels.

    Returns
    -------
    ObjectTable
        With the columns ``origin`` (where the object comes from, in words),
        ``corrected_by`` and ``corrected`` (who reshaped it, and when, UTC); where
        anybody said any, also with ``class``, ``flag`` and ``comment``; where a
        classifier did, with ``predicted_class``, ``probability`` and
        ``predicted_by``.
    """
    labels = table.columns["label"].tolist()
    columns: dict[str, list[str]] = {}
    if kept.classes:
        columns["class"] = [kept.classes.get(label, "") for label in labels]
    if kept.facts is not None:
        said = [kept.facts.of(label) for label in labels]
        for name in ("flag", "comment"):
            words = [str(getattr(one, name)) for one in said]
            if any(words):
                columns[name] = words
        columns["origin"] = [origin_words(one.origin) for one in said]
        columns["corrected_by"] = [one.corrected_by for one in said]
        columns["corrected"] = [_time(one.corrected) for one in said]
    texts = {name: np.array(words, np.str_) for name, words in columns.items()}
    told = {} if not predicted else _predictions(labels, predicted)
    return ObjectTable({**table.columns, **texts, **told})


def _predictions(
    labels: list[int], predicted: Mapping[int, Predicted]
) -> dict[str, np.ndarray]:
    said = [predicted.get(label) for label in labels]
    return {
        "predicted_class": np.array([one.name if one else "" for one in said]),
        "probability": np.array([one.probability if one else np.nan for one in said]),
        "predicted_by": np.array([one.model if one else "" for one in said]),
    }


def _time(seconds: float) -> str:
    if not seconds:
        return ""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
