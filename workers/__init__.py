"""The two programs of RabbitMQ's tutorial on work queues."""
