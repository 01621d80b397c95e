from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from killing import FOLD_AFTER, kill_often

if TYPE_CHECKING:
    from pathlib import Path

KILLS = int(os.environ.get("CELLSETS_KILLS", "12"))


@pytest.mark.timeout(60 + 5 * KILLS)
def test_every_act_reported_as_saved_survives_kill_9(tmp_path: Path) -> None:
    findings = list(kill_often(tmp_path / "p.sqlite", KILLS, seed=20))
    assert [finding for finding in findings if not finding.sound] == []
    # the journal was folded into a new base on the way, and killed there too
    assert findings[-1].stored > FOLD_AFTER
