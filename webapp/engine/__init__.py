"""The engine: the tap, the worker processes and the broker, in one asyncio process that speaks JSON lines."""
