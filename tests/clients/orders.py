"""Celery's producer: `python -m tests.clients.orders COUNT` has so many photos resized and says what came of each."""

import sys

from tests.clients.shop import resize

results = [resize.delay(photo) for photo in range(int(sys.argv[1]))]
print("sent", flush=True)
print("results", *(result.get() for result in results))
