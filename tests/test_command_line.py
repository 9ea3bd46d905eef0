"""The command `unacked`: what it prints, how it refuses, how it ends. On a double of the engine."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fake_engine import DEADLINE, PICKED_PORT, Web, launch, lives, until
from webapp.settings import OPTIONS


def refused(web: Web) -> str:
    """The one line on stderr of a command that could not start."""
    with web:
        assert web.exit_code() == 2
    assert web.out.text == ""
    assert web.err.text.startswith("unacked: ")
    assert web.err.text.count("\n") == 1, web.err.text
    return web.err.text


def is_alive(pid: int) -> bool:
    """Whether there is such a process; one that is dead and not buried yet (a zombie) does not count."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_help_names_every_flag_and_variable() -> None:
    with Web("--help") as web:
        assert web.exit_code() == 0
    for option in OPTIONS:
        assert option.flag in web.out.text
        assert option.variable in web.out.text
    assert "AMQP_URL" in web.out.text
    assert web.err.text == ""


def test_version() -> None:
    with Web("--version") as web:
        assert web.exit_code() == 0
    assert web.out.text.startswith("unacked, version ")


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--explode"], "--explode"),
        (["--por", "1"], "--por"),
        (["surplus"], "surplus"),
        (["--port"], "--port"),
        (["--port", "66000"], "--port must be a whole number from 0 to 65535"),
        (["--prefetch", "-1"], "--prefetch must be"),
        (["--workers", "many"], "--workers must be"),
        (["--ack", "never"], "--ack must be manual or auto"),
        (["--queue", "results"], "--queue must not be results"),
        (["--broker", "http://localhost"], "--broker must be embedded, rabbitmq, or a URL"),
        (["--host", "300.1.1.1.1"], "--host"),
        (["--host", "203.0.113.7"], "--host"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_flag_is_one_line_and_exit_code_2(flags: list[str], says: str) -> None:
    assert says in refused(Web(*flags))


def test_a_wrong_variable_is_one_line_too() -> None:
    assert "UNACKED_WORKERS must be" in refused(Web(UNACKED_WORKERS="33"))


def test_a_page_port_in_use_is_said_before_an_engine_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"port {port} is in use: choose another with --port" in refused(
            Web("--port", str(port), FAKE_LIVES=str(tmp_path / "lives"))
        )
    assert lives(tmp_path / "lives") == []


def test_an_engine_that_cannot_start_has_the_only_word() -> None:
    assert (
        refused(Web("--port", "0", FAKE_ENGINE="exit2"))
        == "unacked: the broker at 10.9.8.7 cannot be reached\n"
    )


def test_an_engine_without_workers_has_it_too_and_is_not_started_again(tmp_path: Path) -> None:
    with Web("--port", "0", FAKE_ENGINE="unmanned", FAKE_LIVES=str(tmp_path / "lives")) as web:
        assert web.exit_code() == 2
    assert web.err.text == "unacked: worker-1 could not be started\n"
    assert len(lives(tmp_path / "lives")) == 1


def test_an_engine_that_cannot_be_started_is_one_line_too() -> None:
    program = "from webapp import __main__ as web; web.ENGINE = ('/nowhere/python',); web.main()"
    ended = subprocess.run(
        [sys.executable, "-c", program, "--port", "0"], capture_output=True, text=True, timeout=DEADLINE
    )
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert ended.stderr.startswith("unacked: the engine could not be started: No such file or directory: ")


def test_an_engine_that_dies_before_it_is_ready_is_reported() -> None:
    assert "exit code 3" in refused(Web("--port", "0", FAKE_ENGINE="crash"))


def test_the_engine_is_given_the_settings(tmp_path: Path) -> None:
    web = Web(
        *("--port", "0", "--ack", "auto", "--broker", "amqp://u:p@h:1/"),
        FAKE_LIVES=str(tmp_path / "lives"),
        UNACKED_PREFETCH="7",
        UNACKED_ACK="manual",
        AMQP_URL="amqp://other/",
        UNACKED_DATA=str(tmp_path / "data"),
    )
    with web:
        web.url()
        arguments = lives(tmp_path / "lives")[0]["arguments"]
        assert lives(tmp_path / "lives")[0]["broker"] == "amqp://u:p@h:1/"
    assert dict(zip(arguments[::2], arguments[1::2], strict=True)) == {
        "--host": "127.0.0.1",
        "--amqp-port": "5672",
        "--workers": "3",
        "--ack": "auto",
        "--prefetch": "7",
        "--queue": "task_queue",
        "--ack-timeout": "60",
        "--data": str(tmp_path / "data"),
    }


def test_it_says_where_everything_is() -> None:
    with Web("--port", "0", "--amqp-port", "0") as web:
        web.url()
        for line in (f"AMQP +amqp://127.0.0.1:{PICKED_PORT}/", "Broker +Fake 0", "Ctrl-C stops everything"):
            web.out.wait_for(line)
        assert web.ask("GET", "/healthz").status == 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
@pytest.mark.parametrize("engine", ["", "stubborn", "mute"])
def test_a_signal_ends_everything_and_that_is_no_error(
    number: signal.Signals, engine: str, tmp_path: Path
) -> None:
    with Web("--port", "0", FAKE_ENGINE=engine, FAKE_LIVES=str(tmp_path / "lives")) as web:
        web.url()
        web.process.send_signal(number)
        assert web.exit_code() == 0
        [life] = lives(tmp_path / "lives")
        until(lambda: not is_alive(life["pid"]), "the engine's end")
    assert "Traceback" not in web.err.text


def test_a_signal_while_the_engine_still_starts_ends_everything_too(tmp_path: Path) -> None:
    (tmp_path / "lives").write_text('{"pid": 0}\n')  # a life before: with "once" this one does nothing
    with Web("--port", "0", FAKE_ENGINE="once", FAKE_LIVES=str(tmp_path / "lives")) as web:
        until(lambda: len(lives(tmp_path / "lives")) == 2, "the engine's start")
        web.process.send_signal(signal.SIGTERM)
        assert web.exit_code() == 0
        until(lambda: not is_alive(lives(tmp_path / "lives")[1]["pid"]), "the engine's end")


def test_a_killed_web_process_takes_its_engine_with_it(tmp_path: Path) -> None:
    with Web("--port", "0", FAKE_LIVES=str(tmp_path / "lives")) as web:
        web.url()
        web.process.kill()
        pid = lives(tmp_path / "lives")[0]["pid"]
        until(lambda: not is_alive(pid), "the engine's end")


def test_a_restarted_engine_gets_the_settings_as_the_page_left_them_and_the_taps_old_port(
    tmp_path: Path,
) -> None:
    before = time.monotonic()
    with Web("--port", "0", "--amqp-port", "0", FAKE_LIVES=str(tmp_path / "lives")) as web:
        assert web.ask("PUT", "/api/settings", {"ack": "auto", "prefetch": 9}).status == 200
        after = time.monotonic()
        until(lambda: web.state()["settings"]["ack"] == "auto", "the new settings")
        os.kill(lives(tmp_path / "lives")[0]["pid"], signal.SIGKILL)
        web.err.wait_for("the engine ended .SIGKILL. and is started again")
        second = until(lambda: lives(tmp_path / "lives")[1:], "a second life")[0]
        given = dict(zip(second["arguments"][::2], second["arguments"][1::2], strict=True))
        assert (given["--amqp-port"], given["--ack"], given["--prefetch"]) == (str(PICKED_PORT), "auto", "9")
        assert before < float(given["--resume"].partition("@")[2]) < after  # when the run began


def test_nobody_reading_what_it_prints_is_no_reason_to_stop() -> None:
    with launch("--port", "0") as web:
        assert web.stdout and web.stderr
        next(line for line in web.stdout if "Ctrl-C" in line)
        web.stdout.close()
        web.send_signal(signal.SIGTERM)
        assert (web.wait(DEADLINE), web.stderr.read()) == (0, "")


def browser(folder: Path) -> str:
    """A browser that only notes the address it was given."""
    script = folder / "browser.py"
    script.write_text(
        f"import sys, pathlib; pathlib.Path({str(folder / 'opened')!r}).write_text(sys.argv[1])"
    )
    return f"{sys.executable} {script} %s"


def test_the_page_is_opened_on_request(tmp_path: Path) -> None:
    with Web("--port", "0", "--open", BROWSER=browser(tmp_path)) as web:
        url = web.url()
        until(lambda: (tmp_path / "opened").exists() and (tmp_path / "opened").read_text(), "the browser")
        assert (tmp_path / "opened").read_text() == url + "/"


@pytest.mark.parametrize("flags", [[], ["--no-open"]], ids=["default", "no-open"])
def test_without_a_terminal_or_on_request_no_browser_is_opened(tmp_path: Path, flags: list[str]) -> None:
    with Web("--port", "0", *flags, BROWSER=browser(tmp_path), DISPLAY=":0") as web:
        assert web.ask("GET", "/healthz").status == 200
    assert not (tmp_path / "opened").exists()


def test_a_machine_without_a_browser_is_no_reason_to_fail() -> None:
    with Web("--port", "0", "--open", BROWSER="/does/not/exist %s", PATH="", DISPLAY="") as web:
        assert web.ask("GET", "/healthz").status == 200
    assert web.err.text == ""
