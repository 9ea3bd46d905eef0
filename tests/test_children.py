"""The engine's processes: whatever can be started can be ended."""

from __future__ import annotations

import asyncio
import os
import sys
import threading

import pytest

from tests.fake_engine import DEADLINE
from webapp.engine.children import Children


@pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere, up to Python 3.11, asyncio needs a thread for each child"
)
def test_a_process_needs_no_thread_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was started before the thread failed would be known to nobody."""

    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    async def go() -> int:
        children = Children()
        children.open()
        try:
            with monkeypatch.context() as patch:
                patch.setattr(threading, "_start_new_thread", refuse)
                process = await children.spawn(sys.executable, "-c", "input()", stderr=None)
                code = await asyncio.wait_for(process.wait(), DEADLINE)  # its input is empty
            with pytest.raises(ProcessLookupError):
                os.kill(process.pid, 0)
        finally:
            children.close()
        return code

    assert asyncio.run(go()) == 1
