"""A gateway of Stream mode that does as little as possible, in a process of its own, and measures its client.

`python -m benchmarks.stream_gateway` prints its URL, then a line of JSON for each line of JSON that it reads. It sends
messages to the robot; with `--events`, events.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

TOPIC = "/v1.0/im/bot/messages/get"
IN_FLIGHT = 200
PING = 20.0


class Gateway:
    """The measurements of one client."""

    def __init__(self, *, events: bool) -> None:
        self._frame = event_frame if events else message_frame
        self.connection: ServerConnection | None = None
        self.came = asyncio.Event()
        self.port = 0
        self._numbers = 0
        self._answered: dict[str, asyncio.Future[float]] = {}

    async def connected(self, connection: ServerConnection) -> None:
        """Serve a client."""
        self.connection = connection
        self.came.set()
        pinging = asyncio.create_task(self._ping(connection))
        try:
            async for text in connection:
                answer = json.loads(text)
                future = self._answered.pop(answer["headers"]["messageId"], None)
                if future and not future.done():
                    future.set_result(time.perf_counter())
        except ConnectionClosed:
            return
        finally:
            pinging.cancel()

    async def rate(self, messages: int) -> dict[str, float]:
        """Messages a second, with so many in flight."""
        slots = asyncio.Semaphore(IN_FLIGHT)

        async def one() -> None:
            await self._send("你好")
            slots.release()

        begun = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for _ in range(messages):
                await slots.acquire()
                tasks.create_task(one())
        return {"rate": messages / (time.perf_counter() - begun)}

    async def latency(self, seconds: float, every: float) -> dict[str, float]:
        """How long answers take, while the handler of the first message sleeps."""
        took: list[float] = []

        async def one(text: str) -> None:
            begun = time.perf_counter()
            took.append(await self._send(text) - begun)

        end = time.perf_counter() + seconds
        async with asyncio.TaskGroup() as tasks:
            slow = tasks.create_task(self._send("slow"))
            while time.perf_counter() < end:
                tasks.create_task(one("你好"))
                await asyncio.sleep(every)
            await slow
        took.sort()
        return {"p50": took[len(took) // 2], "p99": took[len(took) * 99 // 100]}

    async def half_open(self, patience: float) -> dict[str, float]:
        """Seconds until a client notices that its connection is half open, and has another."""
        assert self.connection
        self.came.clear()
        begun = time.monotonic()
        self.connection.transport.pause_reading()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self.came.wait()
                return {"noticed": time.monotonic() - begun}
        return {"noticed": float("inf")}

    async def _ping(self, connection: ServerConnection) -> None:
        while True:
            await asyncio.sleep(PING)
            await connection.send(frame("SYSTEM", "ping", {"opaque": "x"}, "ping"))

    async def _send(self, text: str) -> float:
        """Send a message, and return when it was answered."""
        assert self.connection
        self._numbers += 1
        message_id = f"{self._numbers:032}"
        answered = self._answered[message_id] = asyncio.get_running_loop().create_future()
        await self.connection.send(self._frame(text, message_id))
        moment: float = await answered
        return moment


def message_frame(text: str, message_id: str) -> str:
    """The frame of a message to the robot."""
    now = int(time.time() * 1000)
    message = {
        "msgId": f"msg{message_id}", "createAt": now, "conversationType": "1", "conversationId": "cid1==",
        "senderId": "$:LWCP_v1:$1", "senderNick": "赵磊", "senderStaffId": "zhaolei", "senderCorpId": "ding1",
        "isAdmin": True, "chatbotUserId": "$:LWCP_v1:$2", "chatbotCorpId": "ding1", "robotCode": "ding2",
        "sessionWebhook": "https://oapi.dingtalk.com/robot/sendBySession?session=1",
        "sessionWebhookExpiredTime": now + 5_400_000, "msgtype": "text", "text": {"content": text},
    }  # fmt: skip
    return frame("CALLBACK", TOPIC, message, message_id)


def event_frame(text: str, message_id: str) -> str:
    """The frame of an event: a user was changed."""
    now = str(int(time.time() * 1000))
    headers = {
        "eventType": "user_modify_org", "eventId": f"event{message_id}", "eventBornTime": now, "eventCorpId": "ding1",
        "eventUnifiedAppId": "3b5f8f3e",
    }  # fmt: skip
    return frame("EVENT", "*", {"timeStamp": now, "userId": [text]}, message_id, headers)


def frame(kind: str, topic: str, data: dict[str, Any], message_id: str, more: dict[str, str] | None = None) -> str:
    """A frame."""
    headers = {
        "appId": "3b5f8f3e", "connectionId": "c1", "contentType": "application/json", "messageId": message_id,
        "time": str(int(time.time() * 1000)), "topic": topic, **(more or {}),
    }  # fmt: skip
    text = json.dumps(data, ensure_ascii=False)
    return json.dumps({"specVersion": "1.0", "type": kind, "headers": headers, "data": text}, ensure_ascii=False)


def opening(gateway: Gateway) -> ThreadingHTTPServer:
    """The server that gives out tickets."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = json.dumps({"endpoint": f"ws://127.0.0.1:{gateway.port}/connect", "ticket": "t"}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


async def main(*, compressed: bool, events: bool) -> None:
    """Serve, and carry out commands."""
    gateway, loop = Gateway(events=events), asyncio.get_running_loop()
    work: dict[str, Callable[..., Coroutine[Any, Any, dict[str, float]]]] = {
        "rate": gateway.rate,
        "latency": gateway.latency,
        "half_open": gateway.half_open,
    }
    compression = "deflate" if compressed else None
    async with serve(gateway.connected, "127.0.0.1", 0, ping_interval=None, compression=compression) as server:
        gateway.port = next(iter(server.sockets)).getsockname()[1]
        http = opening(gateway)
        threading.Thread(target=http.serve_forever, daemon=True).start()
        print(f"http://127.0.0.1:{http.server_port}", flush=True)
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            asked = json.loads(line)
            await gateway.came.wait()
            print(json.dumps(await work[asked.pop("what")](**asked)), flush=True)
        http.shutdown()


if __name__ == "__main__":
    asyncio.run(main(compressed="--plain" not in sys.argv, events="--events" in sys.argv))
