"""Bots of Stream mode in processes of their own."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dingtalk_models.sandbox import Sandbox

HERE = Path(__file__).parent


@dataclass
class Bot:
    """A bot.

    Attributes:
        file: where it notes what it has handled.
    """

    process: subprocess.Popen[str]
    file: Path

    def end(self, how: signal.Signals = signal.SIGTERM) -> str:
        """Send it a signal, and return what it printed."""
        self.process.send_signal(how)
        said, _ = self.process.communicate(timeout=60)
        return said

    def handled(self) -> Counter[str]:
        """How often it has handled each event."""
        return Counter(self.file.read_text("utf-8").split() if self.file.exists() else [])


@contextmanager
def bot(sandbox: Sandbox, file: Path, *, store: str = "", seconds: float = 0, leaves: float = 0) -> Generator[Bot]:
    """A bot that runs until the end of the block; `stream_bot.py` says what it does."""
    count = len(sandbox.stream.clients)
    command = [sys.executable, str(HERE / "stream_bot.py"), sandbox.url, sandbox.appkey, sandbox.appsecret]
    command += [store, str(file), str(seconds), str(leaves)]
    with (
        file.with_suffix(".log").open("w", encoding="utf-8") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        try:
            sandbox.stream.wait_for_clients(count + 1, 60)
            yield Bot(process, file)
        finally:
            process.kill()
