"""The embedded broker keeps nothing of what was acknowledged, neither in memory nor in its file. `make bench` has a million of them."""

from __future__ import annotations

import pytest

from tests.bench.memory import samples
from tests.bench.places import Scene

ROUNDS, COUNT, SIZE = 10, 10_000, 1024
SPARE = 25_000_000  # bytes: what a backlog leaves behind, and little beside the 80 MB of bodies that come after the first rounds


@pytest.mark.long
def test_a_hundred_thousand_messages_leave_nothing_behind() -> None:
    with Scene() as scene:
        found = list(samples(scene.fresh("embedded"), ROUNDS, COUNT, size=SIZE))
    early, late = found[1], found[-1]
    assert late.rss - early.rss < SPARE, found
    assert late.file + late.log < SPARE, found
