"""Real servers for tests, on free loopback ports. Their data is deleted afterwards.

Each yields the URL of its session store. By this URL, a test can stop it for a while or restart it.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from waiting import until

PASSWORD = "s3cret-passw0rd"
_PATH = os.pathsep.join(
    [os.environ["PATH"], "/usr/sbin", "/usr/local/sbin", *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
)


@contextmanager
def redis(port: int | None = None) -> Generator[str]:
    """A Redis with a password. With a given port, it can be one that comes back after an outage."""
    port = port or free_port()
    with _directory("redis") as directory:
        command = [_binary("redis-server", "redis-server"), "--bind", "127.0.0.1", "--port", str(port)]
        command += ["--requirepass", PASSWORD, "--save", "", "--unixsocket", str(directory / "socket")]
        url = f"redis://:{PASSWORD}@127.0.0.1:{port}/0"

        def listens() -> bool:
            return _listens(port) and _listens(directory / "socket")

        with _Server(command, directory, "redis", listens, stop=signal.SIGKILL).running(url):
            yield url


@contextmanager
def memcached(port: int | None = None) -> Generator[str]:
    port = port or free_port()
    with _directory("memcache") as directory:
        command = [_binary("memcached", "memcached"), "-l", "127.0.0.1", "-p", str(port), "-m", "16"]
        url = f"memcached://127.0.0.1:{port}"
        with _Server(command, directory, "memcache", lambda: _listens(port), stop=signal.SIGKILL).running(url):
            yield url


def chromium() -> str:
    """The browser of Debian's package."""
    return _binary("chromium", "chromium")


@contextmanager
def mariadb() -> Generator[str]:
    port = free_port()
    with _directory("mysql") as directory:
        small = [
            "--innodb-log-file-size=4M",
            "--innodb-buffer-pool-size=16M",
            "--innodb-flush-log-at-trx-commit=0",
        ]
        data = f"--datadir={directory / 'data'}"
        install = _binary("mariadb-install-db", "mariadb-server")
        _run(
            [install, "--no-defaults", data, "--skip-test-db", "--skip-name-resolve", *small],
            directory,
            "mysql",
        )
        (directory / "init.sql").write_text(
            "CREATE DATABASE IF NOT EXISTS dingtalk; CREATE USER IF NOT EXISTS dingtalk@'127.0.0.1' IDENTIFIED BY "
            f"'{PASSWORD}'; GRANT ALL ON dingtalk.* TO dingtalk@'127.0.0.1';\n".replace("; ", ";\n")
        )
        command = [
            _binary("mariadbd", "mariadb-server"),
            "--no-defaults",
            data,
            *small,
            "--skip-name-resolve",
        ]
        command += ["--bind-address=127.0.0.1", f"--port={port}", f"--socket={directory / 'socket'}"]
        command += [f"--init-file={directory / 'init.sql'}", f"--pid-file={directory / 'pid'}"]
        url = f"mysql+pymysql://dingtalk:{PASSWORD}@127.0.0.1:{port}/dingtalk"
        with _Server(command, directory, "mysql", lambda: _listens(port)).running(url):
            yield url


@contextmanager
def postgresql() -> Generator[str]:
    port = free_port()
    with _directory("postgres") as directory:
        data = str(directory / "data")
        (directory / "password").write_text(PASSWORD)
        initdb = [_binary("initdb", "postgresql"), "-D", data, "-U", "dingtalk", "--no-sync", "-E", "UTF8"]
        initdb += ["--locale=C", "-A", "scram-sha-256", f"--pwfile={directory / 'password'}"]
        _run(initdb, directory, "postgres")
        command = [_binary("postgres", "postgresql"), "-D", data, "-p", str(port), "-k", str(directory), "-F"]
        command += ["-h", "127.0.0.1"]
        probe = [_binary("pg_isready", "postgresql-client"), "-q", "-h", "127.0.0.1", "-p", str(port)]
        ready = lambda: subprocess.run(probe, check=False).returncode == 0  # noqa: E731
        url = f"postgresql+psycopg://dingtalk:{PASSWORD}@127.0.0.1:{port}/postgres"
        with _Server(command, directory, "postgres", ready, stop=signal.SIGINT).running(url):
            yield url


def process(url: str) -> int:
    """The id of a server's process."""
    return _servers[url].process.pid


def restart(url: str) -> None:
    """End a server, and start it again on the same port. Data in its memory is lost."""
    _servers[url].end()
    _servers[url].start()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listens(at: int | Path) -> bool:
    """Whether a server listens at a port, or at a socket in a file."""
    address: str | tuple[str, int] = ("127.0.0.1", at) if isinstance(at, int) else str(at)
    with socket.socket(socket.AF_UNIX if isinstance(at, Path) else socket.AF_INET) as probe:
        return probe.connect_ex(address) == 0


def _binary(name: str, package: str) -> str:
    path = shutil.which(name, path=_PATH)
    if path is None:
        pytest.fail(f"{name} is not installed: `apt-get install {package}` (Debian, Ubuntu)", pytrace=False)
    return path


def _account(user: str) -> str | None:
    """The user that runs a server: these servers refuse to run as root."""
    return user if os.geteuid() == 0 else None


@contextmanager
def _directory(user: str) -> Generator[Path]:
    with tempfile.TemporaryDirectory(prefix="dingtalk-test-") as name:
        if account := _account(user):
            shutil.chown(name, account)
        yield Path(name)


def _run(command: list[str], directory: Path, user: str) -> None:
    done = subprocess.run(
        command,
        cwd=directory,
        user=_account(user),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"{command[0]} failed:\n{done.stdout.decode(errors='replace')}", pytrace=False)


class _Server:
    """A server's process.

    Args:
        command: starts it.
        directory: where its data and its log are.
        user: whose process it is, if this one is root's.
        ready: whether it takes connections.
        stop: the signal that ends it.
    """

    process: subprocess.Popen[bytes]

    def __init__(
        self, command: list[str], directory: Path, user: str, ready: Callable[[], bool], *, stop: int = signal.SIGTERM
    ) -> None:
        self._command = [_binary("setpriv", "util-linux"), "--pdeathsig", "KILL", *command]
        self._directory = directory
        self._user = user
        self._ready = ready
        self._stop = stop

    @contextmanager
    def running(self, url: str) -> Generator[None]:
        self.start()
        _servers[url] = self
        try:
            yield
        finally:
            self.end()
            del _servers[url]

    def start(self) -> None:
        log = self._directory / "log"
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                self._command, cwd=self._directory, user=_account(self._user), stdout=output, stderr=subprocess.STDOUT
            )
        try:
            until(self._ready, seconds=60, unless=lambda: self.process.poll() is not None, step=0.02)
        except AssertionError:
            self.end()
            text = log.read_text(errors="replace")
            pytest.fail(f"{self._command[3]} did not start:\n{text}", pytrace=False)

    def end(self) -> None:
        self.process.send_signal(self._stop)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(timeout=10)


_servers: dict[str, _Server] = {}
"""The running servers, by URL."""
