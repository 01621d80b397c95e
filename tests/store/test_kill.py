from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest
from killing import kill_once

if TYPE_CHECKING:
    from pathlib import Path

KILLS = int(os.environ.get("CELLSETS_KILLS", "20"))


@pytest.mark.timeout(60 + 5 * KILLS)
def test_every_edit_reported_as_saved_survives_kill_9(tmp_path: Path) -> None:
    rng = random.Random(20)
    findings = [kill_once(tmp_path / "p.sqlite", rng) for _ in range(KILLS)]
    assert [finding for finding in findings if not finding.sound] == []
    # the journal was folded into a new base on the way, and killed there too
    assert findings[-1].stored > 2 * 128
