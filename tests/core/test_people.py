from __future__ import annotations

import getpass
from typing import NoReturn

import pytest

from napari_cellsets.core.people import account_name


def test_the_account_gives_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "ada")
    assert account_name() == "ada"


@pytest.mark.parametrize("error", [OSError, KeyError, ImportError])
def test_an_account_without_a_name_is_unknown(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def refuse() -> NoReturn:
        raise error

    monkeypatch.setattr(getpass, "getuser", refuse)
    assert account_name() == "unknown"
