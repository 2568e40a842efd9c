"""`python -m dingtalk_models.sandbox`: how it ends, and what it says of a port that it cannot have."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sandbox.__main__ import options

PROGRAM = [sys.executable, "-m", "dingtalk_models.sandbox"]


def started(*options: str, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*PROGRAM, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUTF8": "1"} | variables,
    )


def greeting(process: subprocess.Popen[str]) -> dict[str, str]:
    """The variables that a program prints once it serves."""
    assert process.stdout is not None
    told = ""
    while "openapi.json" not in told:
        line = process.stdout.readline()
        assert line, process.communicate()
        told += line
    return dict(re.findall(r"export DINGTALK_(\w+)=(\S+)", told))


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_it_is_told_to(ending: signal.Signals) -> None:
    with started("--port", "0") as process:
        url = greeting(process)["API_URL"]
        # somebody who waits for ever does not hold it up
        body = {"conversation": "zhaolei", "number": 0, "timeout": 60}
        requests.post(f"{url}/_sandbox/say", json={"who": "zhaolei", "what": "在吗"}, timeout=10).raise_for_status()
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as waiting:
            content = f'{{"conversation": "{body["conversation"]}", "number": 0, "timeout": 60}}'
            head = f"POST /_sandbox/replies/wait HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n\r\n"
            waiting.sendall((head + content).encode())
            requests.get(f"{url}/_sandbox/clock", timeout=10).raise_for_status()
            process.send_signal(ending)
            told, logged = process.communicate(timeout=20)
    assert process.returncode == 0
    assert told.splitlines()[-1:] == ["Stopped. / 已停止。"]
    assert "Traceback" not in logged


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("--port", "99999"), "'99999' is not a port"),
        (("--port", "http"), "'http' is not a port"),
        (("--port", "-1"), "'-1' is not a port"),
        (("--qps", "0"), "'0' is not a number of calls"),
        (("--nothing",), "--nothing"),
    ],
)
def test_a_wrong_option_is_told_in_one_line(
    given: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        options().parse_args(given)
    printed, error = capsys.readouterr()
    assert (ended.value.code, printed) == (2, "")
    (line,) = error.splitlines()
    assert told in line


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (("--port", "99999"), 2, "'99999' is not a port"),
        (("--port", "0", "--host", "nobody.invalid"), 1, "cannot listen on nobody.invalid:0"),
        (("--port", "0", "--host", "192.0.2.1"), 1, "cannot listen on 192.0.2.1:0"),
    ],
)
def test_what_it_cannot_do_is_told_in_one_line(options: tuple[str, ...], code: int, told: str) -> None:
    with started(*options) as process:
        printed, error = process.communicate(timeout=20)
    assert (process.returncode, printed) == (code, "")
    (line,) = error.splitlines()
    assert told in line


def test_a_port_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with started("--port", port) as process:
            printed, error = process.communicate(timeout=20)
    assert (process.returncode, printed) == (1, "")
    (line,) = error.splitlines()
    assert f"127.0.0.1:{port} is in use" in line
    assert "--port" in line


def test_the_key_is_printed_where_others_can_reach_it() -> None:
    with started("--port", "0", "--host", "0.0.0.0") as process:
        variables = greeting(process)
        url = variables["API_URL"].replace("0.0.0.0", "127.0.0.1") + "/_sandbox/clock"
        assert requests.get(url, timeout=10).status_code == 403
        named = {"X-Sandbox-Key": variables["SANDBOX_KEY"]}
        assert requests.get(url, headers=named, timeout=10).status_code == 200
        process.send_signal(signal.SIGTERM)
        _, logged = process.communicate(timeout=20)
    assert variables["SANDBOX_KEY"] not in logged


def test_the_key_may_be_given() -> None:
    with started("--port", "0", DINGTALK_SANDBOX_KEY="open sesame") as process:
        url = greeting(process)["API_URL"] + "/_sandbox/clock"
        assert requests.get(url, timeout=10).status_code == 403
        assert requests.get(url, headers={"X-Sandbox-Key": "open sesame"}, timeout=10).status_code == 200
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


def test_the_examples_of_the_page(sandbox: Sandbox, tmp_path: Path) -> None:
    page = (Path(__file__).parent.parent / "docs" / "handle.md").read_text("utf-8")
    blocks = [each for each in re.findall(r"```bash\n(.*?)```", page, re.DOTALL) if ":8787/_sandbox" in each]
    local = [each for each in blocks if "127.0.0.1" in each]
    assert len(local) == 2
    for block in local:
        commands = block.replace("http://127.0.0.1:8787", sandbox.url).replace("curl ", "curl --fail-with-body ")
        done = subprocess.run(["bash", "-ec", commands], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
