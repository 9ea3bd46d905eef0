"""The engine: the tap, the worker processes and the broker, in one asyncio process that speaks JSON lines."""

# The variable that names the broker, where `--broker` does not: a URL may hold a password, and command lines are seen by everybody.
BROKER_VARIABLE = "UNACKED_ENGINE_BROKER"
