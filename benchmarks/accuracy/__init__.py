"""Counting accuracy on published pictures: the model beside a classical baseline.

`python -m benchmarks.accuracy.run` writes `results.json` beside this file;
`python -m benchmarks.accuracy.folds` does the same for leave-one-image-out runs.
The pictures are found through `CELLSETS_SHARED`, or in `shared` beside the project.
"""
