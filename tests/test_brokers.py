"""The brokers with one face, without a process."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path
from typing import Any

import pytest

from tests import needs
from webapp.engine import brokers
from webapp.engine.children import Children


class NoFiles(Children):
    """No file may be opened any more."""

    async def spawn(self, *_: str, **__: Any) -> Any:
        raise OSError(errno.EMFILE, "Too many open files")


@pytest.mark.parametrize("kind", ["embedded", "rabbitmq"])
def test_a_process_that_cannot_be_started_is_a_broker_that_cannot_be_had(kind: str, tmp_path: Path) -> None:
    if kind == "rabbitmq":
        needs.rabbitmq()
    broker = brokers.make(kind, NoFiles(), tmp_path, 60.0)
    with pytest.raises(brokers.BrokerFailed, match="Too many open files"):
        asyncio.run(broker.start())
