"""The tap's faults between two plain sockets: what is kept, what goes on, in what order, and what of it is told."""

from __future__ import annotations

import asyncio
import random

import pika.frame
import pytest
from pika import BasicProperties, spec

from tests.test_tap import frames, hung_up, open_connection, scene
from webapp import events as ev
from webapp.engine import faults
from webapp.engine.faults.line import BOUND
from webapp.engine.refused import Refused

BEAT = frames(pika.frame.Heartbeat())
ACK = {n: frames(pika.frame.Method(1, spec.Basic.Ack(n))) for n in range(1, 9)}
OTHER = frames(pika.frame.Method(2, spec.Basic.Qos(prefetch_count=3)))


def delivery(tag, body=b"photo", channel=1):
    return frames(
        pika.frame.Method(channel, spec.Basic.Deliver("c", tag, False, "", "q")),
        pika.frame.Header(channel, len(body), BasicProperties(message_id=f"t{tag}")),
        *([pika.frame.Body(channel, body)] if body else []),
    )


async def consumer(scene, *, deliveries=2):
    """A client with this many unacked deliveries on channel 1; channel 2 is open too."""
    client, broker = await open_connection(scene)
    up = frames(
        pika.frame.Method(1, spec.Channel.Open()),
        pika.frame.Method(2, spec.Channel.Open()),
        pika.frame.Method(1, spec.Basic.Consume(queue="q", consumer_tag="c")),
    )
    client[1].write(up)
    assert await broker[0].readexactly(len(up)) == up
    down = frames(pika.frame.Method(1, spec.Basic.ConsumeOk("c")))
    down += b"".join(delivery(n + 1) for n in range(deliveries))
    broker[1].write(down)
    assert await client[0].readexactly(len(down)) == down
    return client, broker


def act(scene, action, **fields):
    faults.act(action, scene.tap.linked([1]), **fields)


def told(scene, *kinds):
    return [event for event in scene.events if isinstance(event, kinds)]


async def once(condition):
    while not condition():
        await asyncio.sleep(0.001)


@scene
async def test_a_held_ack_stops_its_channel_and_nothing_else(scene):
    client, broker = await consumer(scene)
    act(scene, "hold", method="basic.ack")
    client[1].write(ACK[1] + BEAT + ACK[2] + OTHER)
    assert await broker[0].readexactly(len(BEAT + OTHER)) == BEAT + OTHER
    (held,) = told(scene, ev.Held)
    assert (held.method, held.channel, held.tag, held.task, held.by) == ("basic.ack", 1, 1, "t1", "client")
    assert not told(scene, ev.Acked)
    act(scene, "release")
    assert await broker[0].readexactly(len(ACK[1] + ACK[2])) == ACK[1] + ACK[2]
    assert [event.tag for event in told(scene, ev.Acked)] == [1, 2]
    assert scene.tap.links[1].line is None, "a line without faults is none"


@scene
async def test_a_dropped_ack_never_was_and_what_is_behind_it_goes_on(scene):
    client, broker = await consumer(scene)
    act(scene, "hold", method="basic.ack")
    client[1].write(ACK[1] + ACK[2])
    await scene.told(ev.Held)
    act(scene, "drop")
    assert await broker[0].readexactly(len(ACK[2])) == ACK[2]
    assert [event.tag for event in told(scene, ev.Acked)] == [2]
    assert [event.dropped for event in told(scene, ev.Released)] == [True]


@scene
async def test_a_held_delivery_stops_whole_however_it_is_cut_and_is_told_once_it_is_whole(scene):
    client, broker = await consumer(scene, deliveries=0)
    act(scene, "hold", method="basic.deliver")
    for byte in delivery(1) + BEAT:
        broker[1].write(bytes([byte]))
        await broker[1].drain()
    assert await client[0].readexactly(len(BEAT)) == BEAT
    kinds = [type(event) for event in told(scene, ev.Delivered, ev.Held)]
    assert kinds == [ev.Delivered, ev.Held], "the broker has delivered it"
    assert told(scene, ev.Held)[0].task == "t1"
    broker[1].write(delivery(2))
    act(scene, "release")
    assert await client[0].readexactly(len(delivery(1) + delivery(2))) == delivery(1) + delivery(2)


@scene
async def test_an_empty_message_is_whole_with_its_header(scene):
    client, broker = await consumer(scene, deliveries=0)
    act(scene, "hold", method="basic.deliver")
    broker[1].write(delivery(1, b""))
    await scene.told(ev.Held)
    act(scene, "drop")
    broker[1].write(delivery(2, b""))
    assert await client[0].readexactly(len(delivery(2, b""))) == delivery(2, b"")


@scene
async def test_a_hold_set_while_something_is_held_stops_the_next_one_at_once(scene):
    """As a debugger steps."""
    client, broker = await consumer(scene)
    act(scene, "hold", method="basic.ack")
    client[1].write(ACK[1] + ACK[2])
    await scene.told(ev.Held)
    act(scene, "hold", method="basic.ack")
    act(scene, "release")
    assert await broker[0].readexactly(len(ACK[1])) == ACK[1]
    assert [event.tag for event in told(scene, ev.Held)] == [1, 2]
    act(scene, "release")
    assert await broker[0].readexactly(len(ACK[2])) == ACK[2]


@scene
async def test_a_client_that_goes_takes_its_held_ack_with_it(scene):
    client, broker = await consumer(scene)
    act(scene, "hold", method="basic.ack")
    client[1].write(ACK[1])
    await scene.told(ev.Held)
    client[1].transport.abort()
    await scene.told(ev.ConnectionClosed)
    assert await broker[0].read() == b""
    released, closed = told(scene, ev.Released, ev.ConnectionClosed)
    assert (released.dropped, closed.by) == (True, "network")


@scene
async def test_what_a_client_had_said_behind_its_held_ack_arrives_although_it_is_gone(scene):
    client, broker = await consumer(scene)
    act(scene, "hold", method="basic.ack")
    client[1].write(ACK[1] + ACK[2])
    await scene.told(ev.Held)
    client[1].close()
    assert await broker[0].read() == ACK[2]
    kinds = [type(event) for event in told(scene, ev.Released, ev.Acked, ev.ConnectionClosed)]
    assert kinds == [ev.Released, ev.Acked, ev.ConnectionClosed]


@scene
async def test_a_hold_for_all_connections_of_a_worker_catches_one_frame(scene):
    one, other = await consumer(scene), None
    other = await open_connection(scene)
    await once(lambda: len(scene.tap.links) == 2)
    faults.act("hold", scene.tap.linked([1, 2]), method="basic.ack")
    one[0][1].write(ACK[1])
    await scene.told(ev.Held)
    assert [event.conn for event in told(scene, ev.HoldDisarmed)] == [2]
    assert scene.tap.links[2].line is None
    other[0][1].write(BEAT)
    assert await other[1][0].readexactly(len(BEAT)) == BEAT


@scene
async def test_what_piles_up_behind_a_held_frame_is_bounded_and_nothing_of_it_is_missing(scene):
    client, broker = await consumer(scene)
    act(scene, "hold", method="basic.ack")
    client[1].write(ACK[1])
    await scene.told(ev.Held)
    body = frames(pika.frame.Body(1, b"x" * 100_000))
    link, sent = scene.tap.links[1], 0
    while not link._deaf["client"] and sent < 500:
        client[1].write(body)
        sent += 1
        await asyncio.sleep(0)
    assert sent < 500, "fifty megabytes were kept"
    assert sum(fault.kept["client"] for fault in link.line._faults) < BOUND * 2
    act(scene, "release")
    assert await broker[0].readexactly(len(ACK[1]) + sent * len(body)) == ACK[1] + body * sent


@scene
async def test_a_message_larger_than_what_is_kept_can_be_held_and_dropped(scene):
    client, broker = await consumer(scene, deliveries=0)
    act(scene, "hold", method="basic.deliver")
    parts = [pika.frame.Body(1, b"x" * 100_000) for _ in range(30)]
    whole = frames(
        pika.frame.Method(1, spec.Basic.Deliver("c", 1, False, "", "q")),
        pika.frame.Header(1, 3_000_000, BasicProperties(message_id="t1")),
        *parts,
    )
    broker[1].write(whole + delivery(2))
    await scene.told(ev.Held)
    act(scene, "drop")
    assert await client[0].readexactly(len(delivery(2))) == delivery(2)


@scene
async def test_nothing_passes_a_black_hole_and_all_of_it_does_when_it_is_over(scene):
    client, broker = await consumer(scene, deliveries=0)
    act(scene, "blackhole")
    assert not scene.tap.links[1]._transports["client"].is_reading(), "what it says waits where TCP keeps it"
    client[1].write(OTHER)
    broker[1].write(delivery(1))
    await scene.told(ev.Delivered)
    for reader in (client[0], broker[0]):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.05)
    act(scene, "restore")
    assert await client[0].readexactly(len(delivery(1))) == delivery(1)
    assert await broker[0].readexactly(len(OTHER)) == OTHER
    assert scene.tap.links[1].line is None


@scene
async def test_a_clients_death_does_not_pass_a_black_hole_until_it_is_over(scene):
    client, broker = await consumer(scene)
    act(scene, "blackhole")
    client[1].transport.abort()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(broker[0].read(1), 0.05)
    assert not told(scene, ev.ConnectionClosed)
    act(scene, "restore")
    assert await hung_up(broker[0])
    assert (await scene.told(ev.ConnectionClosed)).by == "network"


@scene
async def test_the_brokers_close_is_told_and_does_not_reach_the_client_until_it_is_over(scene):
    client, broker = await consumer(scene)
    act(scene, "blackhole")
    broker[1].close()
    assert (await scene.told(ev.ConnectionClosed)).by == "broker"
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(client[0].read(1), 0.05)
    act(scene, "restore")
    assert await client[0].read() == b""
    assert [event.gone for event in told(scene, ev.Restored)] == [False]
    await once(lambda: not scene.tap.links)


@scene
async def test_a_black_hole_that_both_sides_have_left_is_forgotten(scene):
    client, broker = await consumer(scene)
    act(scene, "blackhole")
    broker[1].close()
    await scene.told(ev.ConnectionClosed)
    client[1].transport.abort()
    await once(lambda: not scene.tap.links)
    assert [event.gone for event in told(scene, ev.Restored)] == [True]


@scene
async def test_a_black_hole_keeps_no_more_than_a_socket_would(scene):
    client, broker = await consumer(scene, deliveries=0)
    act(scene, "blackhole")
    body = frames(pika.frame.Body(1, b"x" * 100_000))
    link, sent = scene.tap.links[1], 0
    while not link._deaf["broker"] and sent < 500:
        broker[1].write(body)
        sent += 1
        await asyncio.sleep(0)
    assert sent < 500
    act(scene, "restore")
    assert await client[0].readexactly(sent * len(body)) == body * sent


@scene
async def test_a_delay_keeps_the_order_when_it_gets_shorter_and_when_it_ends(scene):
    client, broker = await consumer(scene)
    loop = asyncio.get_running_loop()
    began = loop.time()
    loop.time = lambda: began  # the clock stands still: the delay is not over, however long we take
    act(scene, "delay", ms=80)
    client[1].write(ACK[1])
    while not scene.tap.links[1].line._faults[0].kept["client"]:
        await asyncio.sleep(0)
    act(scene, "delay", ms=0)
    client[1].write(ACK[2])
    broker[1].write(BEAT)
    assert await client[0].readexactly(len(BEAT)) == BEAT, "nothing was under way on this side"
    assert not told(scene, ev.Acked), "the broker has not been told yet"
    del loop.time
    assert await broker[0].readexactly(len(ACK[1] + ACK[2])) == ACK[1] + ACK[2]
    assert loop.time() - began >= 0.08
    assert [event.ms for event in told(scene, ev.Delayed)] == [80, 0]
    await once(lambda: scene.tap.links[1].line is None)


@scene
async def test_with_a_delay_the_end_of_a_connection_is_late_too(scene):
    client, broker = await consumer(scene)
    act(scene, "delay", ms=50)
    client[1].write(ACK[1])
    client[1].close()
    assert await broker[0].read() == ACK[1]
    assert [type(event) for event in told(scene, ev.Acked, ev.ConnectionClosed)] == [
        ev.Acked,
        ev.ConnectionClosed,
    ]


@scene
async def test_all_faults_at_once_and_then_none_and_no_byte_is_missing(scene):
    client, broker = await consumer(scene)
    dice = random.Random(3)
    act(scene, "delay", ms=5)
    act(scene, "blackhole")
    act(scene, "hold", method="basic.ack")
    data = b"".join(dice.choice([ACK[1], ACK[2], BEAT, OTHER]) for _ in range(500))
    client[1].write(data)
    await client[1].drain()
    for action in ("restore", "release"):
        if action == "release":
            await scene.told(ev.Held)
        act(scene, action)
    act(scene, "delay", ms=0)
    got = await broker[0].readexactly(len(data))
    for channel_of in (ACK[1][:3], OTHER[:3], BEAT[:3]):
        assert got.count(channel_of) == data.count(channel_of)
    await once(lambda: scene.tap.links[1].line is None)


@scene
async def test_a_cut_ends_whatever_else_is_on_the_line(scene):
    client, broker = await consumer(scene)
    act(scene, "delay", ms=10)
    act(scene, "hold", method="basic.ack")
    client[1].write(ACK[1])
    await scene.told(ev.Held)
    act(scene, "blackhole")
    act(scene, "cut")
    assert await hung_up(client[0])
    assert await hung_up(broker[0])
    released, closed = told(scene, ev.Released, ev.ConnectionClosed)
    assert (released.dropped, closed.text) == (True, "cut")
    assert scene.tap.links == {}


@pytest.mark.parametrize(
    ("before", "action", "fields", "says"),
    [
        ([], "release", {}, "Nothing is held"),
        ([], "drop", {}, "Nothing is held"),
        ([], "restore", {}, "not in a black hole"),
        ([("blackhole", {})], "blackhole", {}, "already"),
        ([("hold", {"method": "basic.ack"})], "hold", {"method": "basic.ack"}, "already"),
        ([("hold", {"method": "basic.ack"})], "drop", {}, "Nothing is held"),
        ([("hold", {"method": "basic.ack"}), ("release", {})], "release", {}, "Nothing is held"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(before, action, fields, says):
    @scene
    async def run(scene):
        await consumer(scene)
        for earlier, more in before:
            act(scene, earlier, **more)
        seen = len(scene.events)
        with pytest.raises(Refused, match=says) as refused:
            act(scene, action, **fields)
        assert refused.value.status == 409
        assert len(scene.events) == seen

    run()
