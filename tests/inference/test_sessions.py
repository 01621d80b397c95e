from __future__ import annotations

import os

import onnxruntime
import pytest

from napari_cellsets.inference import engines, sessions
from napari_cellsets.inference.engines import preferred_provider
from napari_cellsets.inference.sessions import physical_cores


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Pretend to be a machine with four cores of two threads each."""
    for cpu in range(8):
        topology = tmp_path / f"cpu{cpu}" / "topology"
        topology.mkdir(parents=True)
        (topology / "thread_siblings_list").write_text(f"{cpu % 4},{cpu % 4 + 4}\n")
    monkeypatch.setattr(sessions, "CPUS", tmp_path)
    monkeypatch.setattr(sessions, "CPU_LIMIT", tmp_path / "cpu.max")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    return tmp_path


def test_threads_of_one_core_count_once(machine):
    assert physical_cores() == 4


def test_cores_kept_from_this_process_do_not_count(machine, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 4, 1})
    assert physical_cores() == 2


@pytest.mark.parametrize(
    ("limit", "cores"), [("200000 100000", 2), ("50000 100000", 1), ("max 100000", 4)]
)
def test_the_limit_of_a_container_is_obeyed(machine, limit, cores):
    (machine / "cpu.max").write_text(limit)
    assert physical_cores() == cores


def test_unknown_threads_count_one_by_one(machine, monkeypatch):
    monkeypatch.setattr(sessions, "CPUS", machine / "nowhere")
    assert physical_cores() == 8


def test_a_system_that_cannot_tell_leaves_it_to_the_engine(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert physical_cores() == 0


@pytest.mark.parametrize(
    ("installed", "chosen"),
    [
        (["CPUExecutionProvider"], "CPUExecutionProvider"),
        (
            ["CoreMLExecutionProvider", "CPUExecutionProvider"],
            "CoreMLExecutionProvider",
        ),
        (["DmlExecutionProvider", "CPUExecutionProvider"], "DmlExecutionProvider"),
        (
            ["TensorrtExecutionProvider", "CUDAExecutionProvider"],
            "CUDAExecutionProvider",
        ),
    ],
)
def test_the_fastest_installed_back_end_is_chosen(monkeypatch, installed, chosen):
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: installed)
    monkeypatch.setattr(engines, "_openvino_is_installed", lambda: False)
    assert preferred_provider() == chosen
