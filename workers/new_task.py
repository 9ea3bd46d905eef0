"""RabbitMQ's tutorial-two producer: `python -m workers.new_task "photo..."`; without a task it keeps asking for one."""

import logging
import os
import sys
import uuid
from collections.abc import Iterator

import pika

QUEUE = "task_queue"


def tasks() -> Iterator[str]:
    """The task on the command line, or one after another from whoever types, until Ctrl-C or the end of the input."""
    if sys.argv[1:]:
        yield " ".join(sys.argv[1:])
        return
    while True:
        try:
            task = input("Enter new task: ").strip()
        except EOFError:
            return
        if task:
            yield task
        else:
            print(' [!] Type something; each dot is a second of work: "photo..." takes three.')


def send(task: str) -> None:
    """One connection a task: while somebody thinks at the prompt, nobody would answer its heartbeats."""
    url = os.environ.get("AMQP_URL", "amqp://guest:guest@localhost:5672/")
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        try:
            channel.queue_declare(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
        except pika.exceptions.ChannelClosedByBroker:  # it exists, and is of another kind: that will do
            channel = connection.channel()
        channel.confirm_delivery()  # so that "Sent" is said only of what the broker has
        properties = pika.BasicProperties(
            message_id=uuid.uuid4().hex, delivery_mode=pika.DeliveryMode.Persistent.value
        )
        channel.basic_publish(exchange="", routing_key=QUEUE, body=task.encode(), properties=properties)
        print(f" [x] Sent {task}")


def main() -> None:
    logging.disable()  # of pika's lines about a lost broker, one is enough: the last one here
    try:
        for task in tasks():
            send(task)
    except KeyboardInterrupt:
        pass
    except (pika.exceptions.AMQPError, OSError) as error:
        sys.exit(f" [!] No broker: {error!r}")
    if not sys.argv[1:]:
        print()


if __name__ == "__main__":
    main()
