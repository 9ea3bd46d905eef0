"""Settings: flags over environment over defaults, each checked, every refusal names the thing and says what is allowed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from webapp import settings
from webapp.settings import CHECKOUT, OPTIONS, BadSetting, Settings


def test_without_anything_the_defaults_hold() -> None:
    assert settings.read({}, {}) == Settings()
    assert Settings().data == CHECKOUT / ".unacked"


def test_a_flag_beats_the_environment_which_beats_the_default() -> None:
    environ = {"UNACKED_PREFETCH": "7", "UNACKED_QUEUE": "from_environment"}
    chosen = settings.read({"prefetch": "9", "queue": None}, environ)
    assert (chosen.prefetch, chosen.queue, chosen.ack) == (9, "from_environment", "manual")


def test_the_brokers_url_may_come_from_amqp_url_and_a_closer_one_wins() -> None:
    environ = {"AMQP_URL": "amqp://one/"}
    assert settings.read({}, environ).broker == "amqp://one/"
    environ["UNACKED_BROKER"] = "rabbitmq"
    assert settings.read({}, environ).broker == "rabbitmq"
    assert settings.read({"broker": "embedded"}, environ).broker == "embedded"


def test_an_empty_variable_counts_as_not_set() -> None:
    assert settings.read({}, {"UNACKED_PORT": "", "AMQP_URL": ""}) == Settings()


def test_every_field_has_an_option_and_the_other_way_round() -> None:
    assert {option.name for option in OPTIONS} == {field.name for field in dataclasses.fields(Settings)}


def test_settings_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("port", "0", 0),
        ("port", "65535", 65535),
        ("workers", "32", 32),
        ("prefetch", "0", 0),
        ("prefetch", "1000", 1000),
        ("ack", "auto", "auto"),
        ("queue", "x" * 255, "x" * 255),
        ("queue", "очередь", "очередь"),
        ("broker", "rabbitmq", "rabbitmq"),
        (
            "broker",
            "amqps://u:p%40ss@[::1]:5671/a%2Fb?heartbeat=9",
            "amqps://u:p%40ss@[::1]:5671/a%2Fb?heartbeat=9",
        ),
        ("data", "/somewhere", Path("/somewhere")),
        ("open", "yes", True),
        ("open", "0", False),
    ],
)
def test_good_values(name: str, text: str, value: object) -> None:
    assert getattr(settings.read({name: text}, {}), name) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("port", text) for text in ("-1", "65536", "http", "", "8000.0", "٣", "9" * 5000)),
        *(("amqp_port", text) for text in ("-1", "65536")),
        *(("workers", text) for text in ("-1", "33", "three")),
        *(("prefetch", text) for text in ("-1", "1001", "1e2", "0x10")),
        *(("ack", text) for text in ("", "Manual", "none")),
        *(("queue", text) for text in ("", "x" * 256, "ж" * 128, "results", "amq.anything", "\udcff")),
        *(
            ("broker", text)
            for text in (
                *(
                    "",
                    "rabbit",
                    "http://host/",
                    "amqp://",
                    "amqp://h:99999/",
                    "amqp://h:0/",
                    "amqp://h:x/",
                    "amqp://u@h/",
                ),
                *("amqp://h/?heartbeat=soon", "amqp://h/?what=1", "amqp://[::1/"),
            )
        ),
        *(("host", text) for text in ("", "  ")),
        *(("data", text) for text in ("", " ")),
        *(("open", text) for text in ("", "maybe")),
    ],
)
def test_bad_values_are_refused_in_one_line_that_names_the_flag(name: str, text: str) -> None:
    option = next(option for option in OPTIONS if option.name == name)
    with pytest.raises(BadSetting, match=option.flag) as refusal:
        settings.read({name: text}, {})
    line = str(refusal.value)
    assert " must " in line
    assert "\n" not in line
    assert len(line) < 300


def test_a_bad_variable_is_named_as_the_variable() -> None:
    with pytest.raises(BadSetting, match=r"^UNACKED_ACK must be manual or auto, not 'maybe'$"):
        settings.read({}, {"UNACKED_ACK": "maybe"})
    with pytest.raises(BadSetting, match=r"^AMQP_URL must be"):
        settings.read({}, {"AMQP_URL": "localhost"})


def test_a_refused_url_does_not_show_its_password() -> None:
    with pytest.raises(BadSetting) as refusal:
        settings.read({"broker": "amqp://me:secret@host:70000/"}, {})
    assert "secret" not in str(refusal.value)
    assert "me:***@host:70000" in str(refusal.value)


def test_the_tap_is_reached_by_loopback_where_it_listens_everywhere() -> None:
    assert Settings(host="0.0.0.0").tap_host == "127.0.0.1"
    assert Settings(host="::").tap_host == "::1"
    assert Settings(host="192.0.2.7").tap_host == "192.0.2.7"
