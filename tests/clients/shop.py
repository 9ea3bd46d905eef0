"""A Celery application as its users write one. What was done is also written to the file SHOP_LOG, whatever the broker says."""

import os
import time
from pathlib import Path

from celery import Celery

app = Celery("shop", broker=os.environ["SHOP_BROKER"], backend="rpc://")
app.conf.task_acks_late = "SHOP_ACKS_LATE" in os.environ


@app.task
def resize(photo: int) -> int:
    """Says which photo it has before it begins; a worker may be a slow one."""
    with Path(os.environ["SHOP_LOG"]).open("a") as log:
        log.write(f"{photo}\n")
    time.sleep(float(os.environ.get("SHOP_SECONDS", "0")))
    return photo * 2
