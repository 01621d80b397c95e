"""The main job on simulated neurons: open, segment, count, compare.

With a display the window stays open; `--save FOLDER` leaves `screenshot.png` and
`counts.csv` there and ends.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

import napari
from window import count_on_screen, open_sample_set, open_viewer, photograph

from napari_cellsets._napari.session import get_session
from napari_cellsets.batch import CountRow, write_counts_csv


def main() -> None:
    """Run the demo."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", type=Path, help="folder for picture and counts")
    options = parser.parse_args()
    if options.save:
        # A run without a person leaves nothing in the person's own folders.
        os.environ.setdefault("CELLSETS_DATA_HOME", tempfile.mkdtemp())
    viewer = open_viewer(1600, 1000)
    open_sample_set(viewer)
    dock = count_on_screen(viewer)
    session = get_session(viewer)
    result = dock.flow.result
    if result is None or session.sample is None:
        raise SystemExit("Counting gave no result.")
    name = Path(session.sample.image).name
    row = CountRow.of(name, len(result.table), result.evaluation)
    line = sentence(row)
    viewer.status = line
    print(line)
    if options.save:
        photograph(viewer, options.save / "screenshot.png")
        write_counts_csv([row], options.save / "counts.csv")
        print(f"Saved {options.save / 'screenshot.png'} and counts.csv beside it.")
        session.save()
        viewer.close()
    else:
        napari.run()


def sentence(row: CountRow) -> str:
    """Say the count and how it compares with the ground truth."""
    text = f"{row.count} cells"
    if row.truth is not None:
        text += (
            f"; ground truth {row.truth}; precision {row.precision:.2f}, "
            f"recall {row.recall:.2f}, F1 {row.f1:.2f} "
            "(simulated neurons, centres within 40 px, one to one)"
        )
    return text


if __name__ == "__main__":
    main()
