"""One thing a person looks at, before anything of it is decoded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Sample:
    """An image of a data set with the files that annotate it.

    Paths are relative to the data set's file tree, with forward slashes, and
    are the same whether the tree is a folder or an archive.

    Parameters
    ----------
    name
        Unique in its data set and stable wherever the set is stored:
        ``red/trainval/0``.
    image
        The file to decode.
    annotations
        Files with ground truth, in the set's own order; empty without truth.
    split
        ``train``, ``test``, ... as published; empty where there is none.
    facts
        What is published about the sample: colour, patient, slide, class, ...
    """

    name: str
    image: str
    annotations: tuple[str, ...] = ()
    split: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
