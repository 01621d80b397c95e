from __future__ import annotations

import os

import pytest

from napari_cellsets.inference import memory

GIB = 2**30


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Pretend to be a machine with 8 GiB free of 16."""
    info = tmp_path / "meminfo"
    info.write_text(
        f"MemTotal: {16 * GIB // 1024} kB\nMemAvailable: {8 * GIB // 1024} kB\n"
    )
    monkeypatch.setattr(memory, "MEMINFO", info)
    monkeypatch.setattr(memory, "GROUP_LIMIT", tmp_path / "memory.max")
    monkeypatch.setattr(memory, "GROUP_USED", tmp_path / "memory.current")
    return tmp_path


def test_the_kernel_tells_what_is_available(machine):
    assert memory.available_memory() == 8 * GIB


def test_a_container_that_allows_less_is_obeyed(machine):
    (machine / "memory.max").write_text(str(3 * GIB))
    (machine / "memory.current").write_text(str(GIB))
    assert memory.available_memory() == 2 * GIB


def test_a_container_without_limit_changes_nothing(machine):
    (machine / "memory.max").write_text("max\n")
    assert memory.available_memory() == 8 * GIB


def test_other_systems_are_asked_for_their_pages(machine, monkeypatch):
    (machine / "meminfo").unlink()
    pages = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 1000}
    monkeypatch.setattr(os, "sysconf_names", pages, raising=False)
    monkeypatch.setattr(os, "sysconf", pages.__getitem__, raising=False)
    assert memory.available_memory() == 4096 * 1000


def test_a_system_that_tells_nothing_gets_a_guess(machine, monkeypatch):
    (machine / "meminfo").write_text("nothing\n")
    monkeypatch.delattr(os, "sysconf")
    assert memory.available_memory() == memory.FALLBACK


def test_half_of_what_is_free_is_used_and_what_is_held_again(machine):
    (machine / "meminfo").write_text(f"MemAvailable: {2 * GIB // 1024} kB\n")
    assert memory.default_budget() == GIB
    assert memory.default_budget(GIB) == 2 * GIB


def test_no_machine_is_taken_more_of_than_the_most(machine):
    (machine / "meminfo").write_text(f"MemAvailable: {64 * GIB // 1024} kB\n")
    assert memory.default_budget() == memory.MOST
