"""RabbitMQ's tutorial-two worker: each dot of a task is a second of work; the result goes out, and then the ack."""
# mypy: ignore-errors

import logging
import os
import signal
import sys

import once
import pika

ack = os.environ.get("WORKER_ACK", "manual")  # | auto | forgotten, the tutorial's own mistake
queue = os.environ.get("WORKER_QUEUE", "task_queue")
durable = os.environ.get("WORKER_DURABLE", "yes") == "yes"
kind = {"x-queue-type": os.environ.get("WORKER_QUEUE_TYPE", "quorum")}
leaving = []


def callback(ch, method, properties, body):
    print(f" [x] Received {body.decode(errors='replace')}", flush=True)
    task = properties.message_id
    if not once.known(task):
        connection.sleep(body.count(b"."))
        if once.first(task):
            results.basic_publish("", "results", body, pika.BasicProperties(correlation_id=task))
    print(" [x] Done", flush=True)
    if ack == "manual":
        ch.basic_ack(delivery_tag=method.delivery_tag)
    if leaving:
        leave()


def leave():  # takes no more: pika gives back what was not begun; what was auto-acked nobody else has, so do what there is
    for method, properties, body in channel.basic_cancel(consumer):
        callback(channel, method, properties, body)


logging.disable()  # of pika's lines about a lost broker, one is enough: the last one here
try:
    parameters = pika.URLParameters(os.environ.get("AMQP_URL", "amqp://guest:guest@localhost/"))
    parameters.heartbeat = 4
    parameters.client_properties = {"connection_name": os.environ.get("WORKER_NAME", "worker")}
    connection = pika.BlockingConnection(parameters)
    channel = connection.channel()
    results = connection.channel()  # of their own: they go out also when the ack comes too late
    try:
        channel.queue_declare(queue, durable=durable, arguments=kind)
    except pika.exceptions.ChannelClosedByBroker:  # it exists, and is of another kind: that will do
        channel = connection.channel()
    channel.basic_qos(prefetch_count=int(os.environ.get("WORKER_PREFETCH", "1")))
    consumer = channel.basic_consume(queue, callback, auto_ack=ack == "auto")
    signal.signal(signal.SIGTERM, lambda *_: leaving.append(connection.add_callback_threadsafe(leave)))
    print(" [*] Waiting for messages. To exit press CTRL+C", flush=True)
    channel.start_consuming()
    connection.close()
except KeyboardInterrupt:
    pass
except (pika.exceptions.AMQPError, OSError) as error:
    sys.exit(f" [!] No broker: {error!r}")
