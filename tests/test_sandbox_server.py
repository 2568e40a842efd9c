"""The sandbox as a server: starting and stopping, connections, many clients, the command line."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests
from plain_client import Client, client_of
from waiting import until

from dingtalk_models.sandbox import Credentials, Sandbox


def test_start_and_stop_are_quick_and_leave_nothing() -> None:
    sandbox = Sandbox()
    with pytest.raises(RuntimeError, match="not running"):
        _ = sandbox.url
    with sandbox, ThreadPoolExecutor(1) as pool:
        sandbox.fail("*", delay=30)
        waiting = pool.submit(requests.get, sandbox.url + "/gettoken", timeout=20)
        until(lambda: sandbox.calls)
        started = time.monotonic()
        sandbox.stop()
        assert time.monotonic() - started < 20
        assert waiting.exception(5) is None or isinstance(waiting.exception(), requests.ConnectionError)
    assert "dingtalk-sandbox" not in [each.name for each in threading.enumerate()]
    url = sandbox.start().start().url
    assert requests.get(url + "/gettoken", timeout=5).json()["errcode"] == 40035
    sandbox.stop()
    sandbox.stop()


def test_two_companies_side_by_side(client: Client) -> None:
    held = Credentials(corp_id="dingother", appkey="dingotherkey", appsecret="other")
    with client_of(Sandbox(credentials=held)) as other:
        assert other.sandbox.corp_id == "dingother"
        assert other.token != client.token
        client.token = other.token
        assert client.post("/topapi/v2/department/listsub")["sub_code"] == "40014"


def test_many_clients_at_once(client: Client, sandbox: Sandbox) -> None:
    barrier = threading.Barrier(64)

    def create(number: int) -> list[int]:
        barrier.wait()
        with requests.Session() as session:
            bodies = [
                {"name": f"员工{number}", "mobile": f"1380000{number:04d}", "dept_id_list": "100"},
                {"name": "同一人", "mobile": "13700000000", "dept_id_list": "100"},
            ]
            url, query = sandbox.url + "/topapi/v2/user/create", {"access_token": client.token}
            return [session.post(url, params=query, json=body, timeout=10).json()["errcode"] for body in bodies]

    with ThreadPoolExecutor(64) as pool:
        codes = list(pool.map(create, range(64)))
    assert [own for own, _ in codes] == [0] * 64
    assert sorted(shared for _, shared in codes) == [0] + [60104] * 63
    assert len(sandbox.company.members(100)) == 67
    assert len(sandbox.calls) == 129


def test_a_client_that_hangs_up_disturbs_nobody(client: Client, sandbox: Sandbox) -> None:
    head = "POST /topapi/v2/department/create HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"
    seen = len(sandbox.calls)
    with socket.create_connection((urlsplit(sandbox.url).hostname, urlsplit(sandbox.url).port)) as halfway:
        halfway.sendall(head.encode())
    assert client.code("/topapi/v2/department/listsub") == 0
    assert len(sandbox.calls) == seen + 1


def test_connections_are_kept_alive(client: Client, sandbox: Sandbox) -> None:
    connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=5)
    connection.connect()
    held = connection.sock
    for _ in range(20):
        connection.request("GET", "/gettoken")
        assert json.loads(connection.getresponse().read())["errcode"] == 40035
    assert connection.sock is held
    connection.close()


def test_from_the_shell() -> None:
    command = [sys.executable, "-m", "dingtalk_models.sandbox", "--port", "0", "--qps", "20", "--empty"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUTF8": "1"},
    ) as process:
        assert process.stdout is not None
        told = ""
        while "curl" not in told:
            line = process.stdout.readline()
            assert line, process.communicate()
            told += line
        assert "模拟服务器已就绪" in told
        exports = dict(re.findall(r"export DINGTALK_(\w+)=(\S+)", told))
        url, keys = exports["OAPI_URL"], {"appkey": exports["APPKEY"], "appsecret": exports["APPSECRET"]}
        token = requests.get(url + "/gettoken", params=keys, timeout=5).json()["access_token"]
        query = {"access_token": token}
        departments = requests.post(url + "/topapi/v2/department/listsub", params=query, timeout=5)
        assert departments.json()["result"] == []
        requests.post(url + "/topapi/notyet", params=query, timeout=5)
        process.send_signal(signal.SIGINT)
        _, logged = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "WARNING not implemented by the sandbox: POST /topapi/notyet" in logged
    assert "/gettoken -> 200" in logged
    assert token not in logged
    assert keys["appsecret"] not in logged
