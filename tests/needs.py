"""What some tests need of the machine. Missing at home: skipped, loudly, with the reason. Missing in CI: a failure."""

import os
import shutil
from pathlib import Path

import pytest

CHROMIUM = "/usr/bin/chromium"


def _need(there, what):
    if there:
        return
    reason = f"{what} is not installed: apt-get install {what}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def rabbitmq():
    """Skips or fails unless a private RabbitMQ node can be started."""
    _need(shutil.which("rabbitmq-server") or Path("/usr/sbin/rabbitmq-server").exists(), "rabbitmq-server")


def chromium():
    """Skips or fails unless there is a Chromium to drive."""
    _need(os.access(CHROMIUM, os.X_OK), "chromium")


def font(there, package):
    """Skips or fails unless the browser has that package's font, `there` being what was found out."""
    _need(there, package)
