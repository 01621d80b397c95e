"""Whole sets without a window: count them, resume, export masks and tables.

Called by the command line and the docks; calls `counting`, `catalogue`, `store`
and what lies below. A run is a plain function with a token and a progress.
"""

from __future__ import annotations

from napari_cellsets.batch.check import CheckReport, check_dataset, write_check_csv
from napari_cellsets.batch.choice import choose_for_dataset, model_for
from napari_cellsets.batch.class_rows import ClassRow, ObjectRow
from napari_cellsets.batch.classify import ClassifyReport, classify_dataset
from napari_cellsets.batch.convert import ConvertReport, convert_dataset
from napari_cellsets.batch.count import BatchReport, count_dataset
from napari_cellsets.batch.export import (
    ExportReport,
    export_masks,
    labels_from_store,
    write_counts_csv,
    write_objects_csv,
)
from napari_cellsets.batch.places import image_names
from napari_cellsets.batch.rows import CountRow

__all__ = [
    "BatchReport",
    "CheckReport",
    "ClassRow",
    "ClassifyReport",
    "ConvertReport",
    "CountRow",
    "ExportReport",
    "ObjectRow",
    "check_dataset",
    "choose_for_dataset",
    "classify_dataset",
    "convert_dataset",
    "count_dataset",
    "export_masks",
    "image_names",
    "labels_from_store",
    "model_for",
    "write_check_csv",
    "write_counts_csv",
    "write_objects_csv",
]
