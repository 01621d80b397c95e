"""Words for annotations: one module a word, read for one sample at a time.

=================== ========================================================
``container``        a file of a known format of annotations: COCO, VOC, YOLO, ...
``class-mask``       a picture whose numbers (or colours) are classes
``points-table``     a text table of positions, for each picture or for the set
``boxes-table``      a text table of rectangles, likewise
``runs-table``       a text table of objects as runs of pixels
``mask-files``       one mask file an object; objects may overlap
``components``       a mask, each connected part an object; and ``instances``,
                     ``either``, ``object-files``, see `formats.annotations`
``picture-class``    a mark of the path, or a fact, is the class of the picture
``python``           a function, where no word fits
``contour-files``    one text file an outline, a point a line
``cisd``             the JSON of CISD: runs over rows
``cx22``             the MATLAB files of Cx22: masks that overlap, boxes
``dark-components``  a mask of dark objects on light ground
``wkt-parquet``      outlines as text in a parquet table
``renamed-yolo``     YOLO boxes of pictures that an export has renamed
``cric-points``      nuclei with a class, as the CRIC exporter writes them
``cric-outlines``    outlines, as the CRIC exporter writes them
=================== ========================================================

`base` says what a word is given and how it is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

from napari_cellsets.formats.words.base import Ask, SetCache, Word, WordOptions

__all__ = ["WORDS", "Ask", "SetCache", "Word", "WordOptions"]

_PLACES = {
    "boxes-table": "boxes_table",
    "components": "masks",
    "container": "container",
    "either": "masks",
    "instances": "masks",
    "object-files": "masks",
    "picture-class": "picture_class",
    "python": "python",
    "runs-table": "runs_table",
    "cisd": "cisd",
    "cx22": "cx22",
    "class-mask": "class_mask",
    "contour-files": "contour_files",
    "cric-outlines": "cric_outlines",
    "cric-points": "cric_points",
    "dark-components": "dark_components",
    "mask-files": "mask_files",
    "points-table": "points_table",
    "renamed-yolo": "renamed_yolo",
    "wkt-parquet": "wkt_parquet",
}


class _Words(Mapping[str, Word]):
    """Words by name; a module (with `WORD`) is imported when first asked for."""

    def __getitem__(self, name: str) -> Word:
        module = import_module(f"{__name__}.{_PLACES[name]}")
        word = module.WORD
        if not isinstance(word, Word):
            raise TypeError(f"{module.__name__}.WORD is no Word")
        return word

    def __iter__(self) -> Iterator[str]:
        return iter(_PLACES)

    def __len__(self) -> int:
        return len(_PLACES)


WORDS: Mapping[str, Word] = _Words()
"""All words that a row may use in ``[[annotations]]``."""
