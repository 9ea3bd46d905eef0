"""A gigabyte through an idle tap, half of it each way: not a byte is altered, and memory stays flat."""

from __future__ import annotations

import asyncio
import hashlib
import random
from pathlib import Path

import pika.frame
import pytest
from pika import BasicProperties, spec

from tests.test_tap import OPENED, OPENING, Scene, frames

HALF = 512 * 1024 * 1024  # bytes
GROWTH = 48 * 1024 * 1024  # bytes of resident memory; what is in flight, and what the allocator keeps
DEADLINE = 500  # seconds, for the gigabyte


def resident() -> int:
    fields = Path("/proc/self/status").read_text().split("VmRSS:")[1].split()
    return int(fields[0]) * 1024


def messages(dice: random.Random, method: object) -> bytes:
    """Some megabytes of messages of every size, with heartbeats between them."""
    parts = []
    for n, size in enumerate(dice.choices([0, 1, 100, 5_000, 120_000], k=200)):
        parts.append(pika.frame.Method(1, method))
        parts.append(pika.frame.Header(1, size, BasicProperties(message_id=str(n))))
        parts += [pika.frame.Body(1, dice.randbytes(size))] if size else []
        parts += [pika.frame.Heartbeat()] * dice.randint(0, 2)
    return frames(*parts)


async def pour(writer: asyncio.StreamWriter, data: bytes, dice: random.Random) -> str:
    """The data again and again, chopped anyhow; the hash of all of it."""
    digest, sent = hashlib.sha256(), 0
    while sent < HALF:
        at = 0
        while at < len(data):
            chunk = data[at : at + dice.choice([1, 7, 8, 1000, 65_536, 1_000_000])]
            writer.write(chunk)
            digest.update(chunk)
            await writer.drain()
            at += len(chunk)
        sent += len(data)
    writer.write_eof()
    return digest.hexdigest()


async def drink(reader: asyncio.StreamReader) -> str:
    digest = hashlib.sha256()
    while chunk := await reader.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()


@pytest.mark.long
def test_a_gigabyte_passes_unaltered_and_memory_stays_flat() -> None:
    async def go() -> None:
        async with asyncio.timeout(DEADLINE), Scene() as scene:
            dice = random.Random(11)
            scene.journal._write = lambda _: None  # a reader that keeps up
            scene.journal.on_event.clear()
            for way, method in (
                ("up", spec.Basic.Publish(routing_key="q")),
                ("down", spec.Basic.Deliver("c", 1, False, "", "q")),
            ):
                (client, broker), opening = (
                    await scene.client(),
                    frames(pika.frame.Method(1, spec.Channel.Open())),
                )
                client[1].write(OPENING + opening)
                await broker[0].readexactly(len(OPENING + opening))
                broker[1].write(OPENED)
                await client[0].readexactly(len(OPENED))
                data = messages(dice, method)
                giver, taker = (client[1], broker[0]) if way == "up" else (broker[1], client[0])
                before = resident()
                given, taken = await asyncio.gather(pour(giver, data, dice), drink(taker))
                assert given == taken, f"{way}: not what was sent"
                assert resident() - before < GROWTH, f"{way}: {(resident() - before) / 1e6:.0f} MB more"

    asyncio.run(go())
