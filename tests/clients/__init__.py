"""Programs of other people's clients, each as its users write one: `publish BODY …`, `work COUNT`, `hold` on a durable queue.

All say the same: `confirmed BODY` once the broker has confirmed it, `took BODY new` or `took BODY again` (redelivered), and end with
code 0 after a close of their own. `hold` takes one task and never acks it; a line on its input has it close its connection.
"""
