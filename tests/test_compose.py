"""docker-compose.yml and Dockerfile, checked without a container engine: every path, variable and command they name exists."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from webapp import settings
from webapp.engine.brokers import External

ROOT = Path(__file__).parent.parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
KNOWN = {option.variable for option in settings.OPTIONS} | {option.also for option in settings.OPTIONS} - {""}


def copied():
    """The paths that the Dockerfile copies into the image."""
    lines = re.findall(r"^COPY (.+)$", DOCKERFILE, re.MULTILINE)
    return [path for line in lines for path in shlex.split(line)[:-1]]


def test_the_three_services_are_there_and_wait_for_each_other():
    assert set(SERVICES) == {"rabbitmq", "demo", "worker"}
    assert SERVICES["demo"]["depends_on"] == {"rabbitmq": {"condition": "service_healthy"}}
    assert SERVICES["worker"]["depends_on"] == {"demo": {"condition": "service_healthy"}}
    for service in SERVICES.values():
        for other in service.get("depends_on", {}):
            assert "healthcheck" in SERVICES[other]


def test_the_demo_understands_every_variable_it_is_given():
    environment = SERVICES["demo"]["environment"]
    assert set(environment) <= KNOWN
    read = settings.read({}, environment)
    broker = External(read.broker)
    assert broker.address.host == "rabbitmq"
    assert broker.username == SERVICES["rabbitmq"]["environment"]["RABBITMQ_DEFAULT_USER"]
    assert broker.password == SERVICES["rabbitmq"]["environment"]["RABBITMQ_DEFAULT_PASS"]


def test_the_demos_flags_are_flags():
    _, *flags = SERVICES["demo"]["command"]
    known = {option.flag for option in settings.OPTIONS} | {"--no-open"}
    assert {flag for flag in flags if flag.startswith("--")} <= known
    assert shlex.join(SERVICES["demo"]["command"]) == shlex.join(
        yaml.safe_load(re.search(r"^CMD (.+)$", DOCKERFILE, re.M)[1])
    )


def test_the_worker_reads_every_variable_it_is_given_and_connects_to_the_tap():
    worker = SERVICES["worker"]
    program = (ROOT / "workers" / "worker.py").read_text()
    for name in [*worker["environment"], "WORKER_NAME"]:
        assert f'"{name}"' in program
    broker = External(worker["environment"]["AMQP_URL"])
    assert (broker.address.host, broker.address.port) == ("demo", settings.Settings.amqp_port)
    assert "container_name" not in worker, "a service with a fixed name cannot be scaled"
    assert "ports" not in worker, "two workers cannot share a port"


def test_the_workers_command_names_a_file_that_is_in_the_image():
    (path,) = re.findall(r"workers/\S+\.py", " ".join(SERVICES["worker"]["command"]))
    assert (ROOT / path).is_file()
    assert "workers" in copied()


@pytest.mark.parametrize("path", copied())
def test_what_the_image_copies_exists_and_is_not_ignored(path):
    assert (ROOT / path).exists()
    assert f"!{path}" in (ROOT / ".dockerignore").read_text().splitlines()


def test_the_published_ports_are_the_defaults_and_only_for_this_machine():
    assert SERVICES["demo"]["ports"] == [
        f"127.0.0.1:{port}:{port}" for port in (settings.Settings.port, settings.Settings.amqp_port)
    ]
