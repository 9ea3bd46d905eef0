"""The embedded broker: a small AMQP 0-9-1 broker for one machine and one demo, a process of its own."""
