"""aio-pika: `python aio_pika_job.py URL QUEUE publish BODY … | work COUNT | hold`."""

import asyncio
import sys

import aio_pika


def took(message: aio_pika.abc.AbstractIncomingMessage) -> None:
    print("took", message.body.decode(), "again" if message.redelivered else "new", flush=True)


async def publish(channel: aio_pika.abc.AbstractChannel, queue: aio_pika.abc.AbstractQueue, *bodies: str):
    for body in bodies:
        message = aio_pika.Message(body.encode(), delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await channel.default_exchange.publish(message, routing_key=queue.name)  # returns when confirmed
        print("confirmed", body, flush=True)


async def work(_: aio_pika.abc.AbstractChannel, queue: aio_pika.abc.AbstractQueue, count: str) -> None:
    left = int(count)
    async with queue.iterator() as messages:
        async for message in messages:
            async with message.process():
                took(message)
            left -= 1
            if not left:
                break


async def hold(_: aio_pika.abc.AbstractChannel, queue: aio_pika.abc.AbstractQueue) -> None:
    async def take(message: aio_pika.abc.AbstractIncomingMessage) -> None:
        took(message)

    await queue.consume(take)
    await asyncio.to_thread(sys.stdin.readline)


async def main(url: str, name: str, role: str, *words: str) -> None:
    connection = await aio_pika.connect_robust(url, reconnect_interval=0.5)
    async with connection:
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=1)
        queue = await channel.declare_queue(name, durable=True)
        await {"publish": publish, "work": work, "hold": hold}[role](channel, queue, *words)


asyncio.run(main(*sys.argv[1:]))
