"""How many files of the package a call enters, and how often it moves from one file to another.

    scripts/moves            a table: files and moves of a call, an update, a push, a robot message with its reply
    scripts/moves --show     each move too, in the order in which they happen
    scripts/moves --check    fails if there are more than allowed: scripts/lint does it

A move is a call into a function of the package from a function of another file; resuming a generator counts too. Each
action has run once before, so that work on first use is not counted. Of several rounds the shortest counts: a reply may
arrive in two pieces.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import dingtalk_models
from dingtalk_models import ChatbotMessage, User
from dingtalk_models.sandbox import Sandbox

HOME = Path(dingtalk_models.__file__).parent
USER = "manager4220"
AES_KEY = "4g5j64qlyl3zvetqxz5jiocdr586fn2zvjpa8zls3ij"

Move = tuple[str, str, str]
"""From a file, to a file, into a function."""

MOST = {
    "User.get": (12, 20),
    "user.update": (12, 24),
    "callback.receive": (10, 30),
    "a robot message by Stream with its reply": (25, 75),
    "a call in the sandbox": (10, 20),
}
"""How many files and moves are allowed."""

ROUNDS = 5


def home_of(frame: FrameType | None) -> str:
    """The file of a function, relative to the package; empty for a function of another package."""
    path = Path(frame.f_code.co_filename) if frame else Path()
    return str(path.relative_to(HOME)) if path.is_relative_to(HOME) else ""


def moves_of(action: Callable[[], object]) -> list[Move]:
    """The moves during an action, in this thread."""
    action()
    rounds: list[list[Move]] = []
    for _ in range(ROUNDS):
        found: list[Move] = []
        sys.setprofile(noting(found))
        try:
            action()
        finally:
            sys.setprofile(None)
        rounds.append(found)
    return min(rounds, key=len)


def noting(found: list[Move], *, of_sandbox: bool = False) -> Callable[[FrameType, str, object], None]:
    """Make a profiler hook that records the moves of the client or of the sandbox."""

    def note(frame: FrameType, event: str, _: object) -> None:
        here = home_of(frame) if event == "call" else ""
        if here and here.startswith("sandbox/") is of_sandbox and (before := home_of(frame.f_back)) != here:
            found.append((before or "outside", here, frame.f_code.co_qualname))

    return note


def moves_in_the_sandbox() -> list[Move]:
    """The moves for a call in the sandbox, on the thread that serves it."""
    found = list[Move]()
    threading.setprofile(noting(found, of_sandbox=True))
    try:
        sandbox = Sandbox().start()
    finally:
        threading.setprofile(None)
    app = sandbox.app()
    rounds: list[list[Move]] = []
    for _ in range(ROUNDS + 1):
        found.clear()
        User.objects.using(app).get(USER)
        # the loop reads its clock in each iteration, whether or not there is a call
        rounds.append([move for move in found if move[2] != "_Loop.time"])
    app.close()
    sandbox.stop()
    return min(rounds[1:], key=len)


def moves_of_a_message(sandbox: Sandbox) -> list[Move]:
    """The moves for a message by Stream with its reply: on the thread of the loop, and on that of the handler."""
    app, found = sandbox.app(), list[Move]()

    @app.callback.on(ChatbotMessage)
    def answer(message: ChatbotMessage) -> None:
        message.reply("收到")

    threading.setprofile(noting(found))
    try:
        app.stream.start()
        rounds: list[list[Move]] = []
        for count in range(1, ROUNDS + 1):
            found.clear()
            sandbox.say(USER, "在吗")
            while app.stream.status.handled < count:
                time.sleep(0.01)
            rounds.append(found[:])
        app.stream.stop()
    finally:
        threading.setprofile(None)
    app.close()
    return min(rounds[1:], key=len)


def actions(sandbox: Sandbox) -> dict[str, Callable[[], object]]:
    """The measured actions."""
    app = sandbox.app(token="token", aes_key=AES_KEY).use()
    user = User.get(USER)
    titles = iter(f"title {number}" for number in range(100))

    @app.callback.on("user_modify_org")
    def changed(event: Any) -> None:
        assert event.type

    def push() -> object:
        text = {"EventType": "user_modify_org", "CorpId": sandbox.corp_id, "UserId": [USER], "eventId": next(titles)}
        seconds = str(int(sandbox.clock.now() * 1000))
        sealed = app.callback.crypto.seal(json.dumps(text), timestamp=seconds, nonce="nonce")
        query = {name: sealed.get(name, "") for name in ("msg_signature", "nonce")} | {"timestamp": seconds}
        pushed.append((query, json.dumps({"encrypt": sealed["encrypt"]}).encode()))
        return pushed

    pushed: list[tuple[dict[str, str], bytes]] = []
    for _ in range(ROUNDS + 1):
        push()
    return {
        "User.get": lambda: User.get(USER),
        "user.update": lambda: user.update(title=next(titles)),
        "callback.receive": lambda: app.callback.receive(*pushed.pop()),
    }


def main() -> str | None:
    """Print the table, and with `--check` the rows that exceed their limits."""
    with Sandbox() as sandbox:
        found = {name: moves_of(action) for name, action in actions(sandbox).items()}
        found["a robot message by Stream with its reply"] = moves_of_a_message(sandbox)
    found["a call in the sandbox"] = moves_in_the_sandbox()
    counted = {name: (len({to for _, to, _ in moves}), len(moves)) for name, moves in found.items()}
    print("| what | files | moves |\n|---|---:|---:|")
    for name, (files, moves) in counted.items():
        print(f"| `{name}` | {files} | {moves} |")
    if "--show" in sys.argv[1:]:
        for name, each in found.items():
            print(f"\n{name}")
            print("\n".join(f"  {before} -> {to}: {function}" for before, to, function in each))
    over = [name for name, (files, moves) in counted.items() if files > MOST[name][0] or moves > MOST[name][1]]
    if "--check" in sys.argv[1:] and over:
        return f"longer than allowed (see MOST in benchmarks/moves.py): {', '.join(over)}"
    return None


if __name__ == "__main__":
    sys.exit(main())
