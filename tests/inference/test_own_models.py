"""Models in the person's own folder are listed by what they are for."""

from __future__ import annotations

from napari_cellsets.inference import own_models, own_models_folder


def test_there_are_none_at_first():
    assert own_models() == []
    assert not own_models_folder().exists()


def test_models_are_found_in_the_folder_and_in_runs_below_it():
    home = own_models_folder()
    (home / "run").mkdir(parents=True)
    for name in ("b.onnx", "run/a.onnx", "run/cell_classifier_x.onnx", "run/a.md"):
        (home / name).write_bytes(b"")
    (home / "run" / ".a-aside.onnx").write_bytes(b"")
    assert own_models() == [home / "run" / "a.onnx", home / "b.onnx"]
    assert own_models("classification") == [home / "run" / "cell_classifier_x.onnx"]
