"""What a form of annotations cannot hold of a data set, told before it is written."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_cellsets.batch.convert import chosen
from napari_cellsets.batch.once import Once
from napari_cellsets.core.annotation_names import names_of
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, CellsetsError, ExportError
from napari_cellsets.formats.codecs import read_shape
from napari_cellsets.formats.containers.base import FORMS, Marked
from napari_cellsets.formats.containers.fit import advice_of_one, fit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.annotation import Annotation
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.formats.containers.base import Form

LOOKED_AT = 24
"""So many samples, spread over the set, are looked at unless told otherwise."""


@dataclass(frozen=True)
class Losses:
    """What would be lost.

    Parameters
    ----------
    looked_at, samples
        How many samples were looked at, of how many.
    reasons
        Each loss in words, and in how many of the samples looked at.
    advice
        What to do instead, for the first of them.
    names
        Names of the annotations of the samples looked at, see
        `core.annotation_names`; one of them alone may be written.
    """

    looked_at: int
    samples: int
    reasons: Mapping[str, int] = field(default_factory=dict)
    advice: str = ""
    names: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All of it for the person; empty where nothing would be lost."""
        if not self.reasons:
            return ""
        of_all = f" of {self.samples:,}" if self.samples > self.looked_at else ""
        lines = [
            f"{reason[:1].upper()}{reason[1:]} ({count} of {self.looked_at:,} images"
            f" looked at{of_all})."
            for reason, count in self.reasons.items()
        ]
        return " ".join([*lines, self.advice]).strip()


def foresee_losses(
    dataset: Dataset,
    form_key: str,
    *,
    samples: Sequence[Sample] | None = None,
    annotation: str = "",
    annotations_of: Callable[[Sample], Sequence[Annotation]] | None = None,
    most: int = LOOKED_AT,
    token: CancelToken | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> Losses:
    """Find out what a form cannot hold, without writing anything.

    Parameters
    ----------
    dataset, form_key, samples, annotation, annotations_of, token, progress
        As for `convert_dataset`.
    most
        How many samples to look at, spread evenly.

    Returns
    -------
    Losses
        A sample that cannot be read is passed over: writing will tell.

    Raises
    ------
    ExportError
        If the form is unknown.
    CancelledError
        If the token was cancelled.
    """
    if form_key not in FORMS:
        raise ExportError(
            f"the form {form_key!r} is not known", advice=f"Known: {', '.join(FORMS)}."
        )
    form, token = FORMS[form_key], token or CancelToken()
    tell = progress or (lambda share, name: None)
    source = annotations_of or Once(dataset, annotation=annotation)
    every = list(dataset.samples if samples is None else samples)
    some = every[:: -(-len(every) // most) or 1]
    names: dict[str, None] = {}
    reasons: Counter[str] = Counter()
    advice = ""
    for number, sample in enumerate(some):
        token.raise_if_cancelled()
        tell(number / len(some), sample.name)
        try:
            *_, height, width = read_shape(dataset.tree, sample.image)
            found = source(sample)
            wanted = chosen(found, annotation, sample.name)
        except CancelledError:
            raise
        except CellsetsError:
            continue
        names |= dict.fromkeys(names_of(found))
        said = _losses_of(Marked(sample.name, (height, width), wanted), form)
        advice = advice or next(iter(said.values()), "")
        reasons.update(said.keys())
    known = source.names if isinstance(source, Once) else tuple(names)
    return Losses(len(some), len(every), dict(reasons.most_common()), advice, known)


def _losses_of(marked: Marked, form: Form) -> dict[str, str]:
    """What would be lost of one picture, and what to do instead."""
    said: dict[str, str] = {}
    held = []
    for annotation in marked.annotations:
        try:
            held.append(fit(annotation, form, marked.size))
        except ExportError as error:
            said[error.problem] = error.advice
    why = form.crowded(held)
    return said | ({why: advice_of_one(marked)} if why else {})
