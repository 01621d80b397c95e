"""Run every benchmark module and print each ratio with its reference.

`python -m benchmarks.run [NAME ...] [--json FILE]`
"""

from __future__ import annotations

import argparse
import importlib
import json
import platform
from dataclasses import asdict
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="modules to run; all by default")
    parser.add_argument("--json", default=HERE / "results" / "latest.json", type=Path)
    options = parser.parse_args()
    names = options.names or sorted(p.stem[6:] for p in HERE.glob("bench_*.py"))
    rows = []
    for name in names:
        module = importlib.import_module(f"benchmarks.bench_{name}")
        for ratio in module.run():
            rows.append({"benchmark": name, **asdict(ratio), "ratio": ratio.ratio})
            print(
                f"{name:12} {ratio.name}: {ratio.value:.4g} {ratio.unit}"
                f" | {ratio.reference_name}: {ratio.reference_value:.4g}"
                f" | ratio {ratio.ratio:.3g}"
                + (f" (aim: {ratio.aim})" if ratio.aim else ""),
                flush=True,
            )
    options.json.parent.mkdir(parents=True, exist_ok=True)
    machine = {"python": platform.python_version(), "machine": platform.machine()}
    options.json.write_text(json.dumps({"machine": machine, "ratios": rows}, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
