"""`make bench` runs from end to end, in miniature, and says what it measured."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import needs
from tests.bench.__main__ import MEASUREMENTS
from tests.fake_engine import CHECKOUT


@pytest.mark.long
@pytest.mark.alone
def test_every_measurement_yields_numbers(tmp_path: Path) -> None:
    needs.rabbitmq()
    file = tmp_path / "rows.json"
    command = [sys.executable, "-m", "tests.bench", "--size", "0.02", "--json", str(file)]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = json.loads(file.read_text("utf-8"))
    assert list(rows) == list(MEASUREMENTS)
    for name, found in rows.items():
        assert found, name
        assert name in done.stdout
        assert all(isinstance(row["value"], int | float) for row in found)
