"""What Lighthouse says of the page, as it is measured for a desktop."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import needs
from tests.demo import Demo
from tests.page.conftest import FLAGS

ROOT = Path(__file__).parents[2]
LEAST = {"accessibility": 100, "best-practices": 100, "performance": 95}
DEADLINE = 110  # s


def measure(url: str, report: Path) -> dict[str, Any]:
    node = shutil.which("node") or str(ROOT / ".venv/bin/node")
    command = [
        node,
        str(ROOT / "node_modules/.bin/lighthouse"),
        url,
        "--preset=desktop",
        f"--only-categories={','.join(LEAST)}",
        f"--chrome-flags={' '.join([*FLAGS, '--headless=new'])}",
        "--no-enable-error-reporting",
        "--quiet",
        "--output=json",
        f"--output-path={report}",
    ]
    environment = {**os.environ, "CHROME_PATH": needs.CHROMIUM}
    ran = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def short_of(found: dict[str, Any], category: str) -> list[str]:
    """What kept a category from its full score: the audits' names, titles and what they measured."""
    audits = (
        found["audits"][ref["id"]] for ref in found["categories"][category]["auditRefs"] if ref["weight"]
    )
    return [
        f"{audit['id']}: {audit['title']} ({audit.get('displayValue') or audit['score']})"
        for audit in audits
        if audit["score"] is not None and audit["score"] < 1
    ]


@pytest.mark.long
@pytest.mark.alone
def test_lighthouse_has_nothing_to_add(on_embedded: Demo, tmp_path: Path) -> None:
    needs.chromium()
    found = measure(on_embedded.url(), tmp_path / "lighthouse.json")
    assert "runtimeError" not in found, found["runtimeError"]
    scores = {key: round(category["score"] * 100) for key, category in found["categories"].items()}
    print(scores)
    for category, least in LEAST.items():
        assert scores[category] >= least, "\n".join([f"{category}: {scores}", *short_of(found, category)])
