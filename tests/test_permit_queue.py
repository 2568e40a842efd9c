"""The queue for permits: no period has more calls than the limit, and callers keep their order."""

from __future__ import annotations

import json
from bisect import insort
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import Any, Literal, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stores import redis_from_url

from dingtalk_models.call.limits.limiter import ADDRESS_PERIOD
from dingtalk_models.call.limits.permit_queue import LONGEST_WAY, LocalPermitQueue, PermitQueue
from dingtalk_models.call.limits.shared import SharedStore
from dingtalk_models.core.codes import LONGEST_BAN
from dingtalk_models.sessions import open_session

PATIENT = 1000.0


class Time:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += seconds


class Queues(NamedTuple):
    """Makes a queue, and lets its time pass."""

    make: Callable[[int], PermitQueue]
    let_pass: Callable[[float], None]

    def __call__(self, limit: int) -> PermitQueue:
        return self.make(limit)


def pass_in_redis(url: str, key: str, seconds: float) -> None:
    """Let time pass for a queue in Redis: it looked at the clock so much earlier."""
    with closing(redis_from_url(url, decode_responses=True)) as client:
        state: dict[str, Any] = json.loads(client.get(key))
        client.set(key, json.dumps(state | {"clock": state["clock"] - round(seconds * 10_000)}))


def most_in_a_period(times: list[float], seconds: float) -> int:
    times = sorted(times)
    return max(sum(start <= moment < start + seconds for moment in times) for start in times)


def go(queue: PermitQueue) -> int:
    """Take a permit that is free."""
    _, ticket, wait = queue.ask()
    assert wait == 0
    return ticket


def wait_at(queue: PermitQueue, ticket: int = 0) -> tuple[int, float]:
    """A place in the queue, and the seconds until its turn."""
    _, ticket, wait = queue.ask(ticket)
    assert wait > 0
    return ticket, wait


@given(
    limit=st.integers(1, 60),
    steps=st.lists(
        st.tuples(st.sampled_from(["join", "leave", "pause", "pass"]), st.floats(0, 2)), min_size=1, max_size=150
    ),
    ways=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 3)), min_size=150, max_size=150),
)
def test_no_second_holds_more_than_the_limit(
    limit: int, steps: list[tuple[Literal["join", "leave", "pause", "pass"], float]], ways: list[tuple[float, float]]
) -> None:
    """Whatever callers do, and however long what they send takes on its way."""
    clock = Time()
    queue = LocalPermitQueue(limit, clock=clock)
    waiting: dict[int, float] = {}
    answers: dict[int, float] = {}
    arrived: list[float] = []
    resumes = 0.0

    def ask(ticket: int) -> None:
        _, ticket, wait = queue.ask(ticket)
        if wait:
            waiting[ticket] = clock.now + wait
            return
        assert clock.now >= resumes
        assert all(ticket < other for other in waiting), "nobody is overtaken by more than one permit"
        part, answered = ways[len(arrived)]
        arrived.append(clock.now + part * min(answered, LONGEST_WAY))
        answers[ticket] = clock.now + answered

    def let_pass(seconds: float) -> None:
        end = clock.now + seconds
        while due := [at for at in (*waiting.values(), *answers.values()) if at <= end]:
            clock.now = max(clock.now, min(due))
            for ticket in [ticket for ticket, at in answers.items() if at <= clock.now]:
                del answers[ticket]
                queue.end(ticket)
            for ticket in sorted(ticket for ticket, at in waiting.items() if at <= clock.now):
                del waiting[ticket]
                ask(ticket)
        clock.now = end

    for action, amount in steps:
        if action == "join":
            ask(0)
        elif action == "leave" and waiting:
            ticket = sorted(waiting)[int(amount / 2 * (len(waiting) - 1))]
            del waiting[ticket]
            queue.end(ticket)
        elif action == "pause":
            queue.pause(amount)
            resumes = max(resumes, clock.now + amount)
        else:
            let_pass(amount)
    let_pass(PATIENT)
    assert not waiting
    if arrived:
        assert most_in_a_period(arrived, 1.0 - 1e-9) <= limit


@pytest.mark.parametrize(("answer", "least"), [(0.02, 0.97), (0.1, 0.9), (LONGEST_WAY, 0.66), (3.0, 0.66)])
@pytest.mark.parametrize("limit", [1, 7, 20, 300])
def test_the_rate_is_nearly_the_limit(limit: int, answer: float, least: float) -> None:
    """It costs the time of a reply in each second, at most half a second."""
    clock = Time()
    queue = LocalPermitQueue(limit, clock=clock)
    events: list[tuple[float, int, int]] = [(clock.now, 0, 0)] * (6 * limit)
    sent = 0
    while clock.now < 1060:
        clock.now, ticket, sending = events.pop(0)
        if sending:
            queue.end(ticket)
            ticket = 0
        _, ticket, wait = queue.ask(ticket)
        sent += not wait
        insort(events, (clock.now + (wait or answer), ticket, int(not wait)))
    assert least * limit <= sent / 60 <= limit * 61 / 60


def test_who_waits_is_told_how_long(queues: Queues) -> None:
    queue = queues(2)
    first, _ = go(queue), go(queue)
    places = [wait_at(queue) for _ in range(5)]
    assert [wait for _, wait in places] == [pytest.approx(seconds, abs=0.2) for seconds in (1, 1, 2, 2, 3)]
    queue.end(first)
    assert wait_at(queue, places[0][0])[1] == pytest.approx(1, abs=0.2)
    queues.let_pass(0.3)
    assert wait_at(queue, places[0][0])[1] == pytest.approx(0.7, abs=0.2)
    assert wait_at(queue, places[1][0])[1] == pytest.approx(1, abs=0.2), "the other call is still under way"


def test_a_call_under_way_for_long_has_arrived(queues: Queues) -> None:
    queue = queues(1)
    go(queue)
    ticket, _ = wait_at(queue)
    queues.let_pass(LONGEST_WAY + 0.1)
    assert wait_at(queue, ticket)[1] == pytest.approx(0.9, abs=0.2)
    queues.let_pass(1)
    assert queue.ask(ticket)[2] == 0


def test_who_leaves_the_queue_makes_room(queues: Queues) -> None:
    queue = queues(1)
    go(queue)
    gone = [wait_at(queue)[0] for _ in range(5)]
    ticket, wait = wait_at(queue)
    assert wait == pytest.approx(6, abs=0.2)
    for each in gone:
        queue.end(each)
    assert wait_at(queue, ticket)[1] == pytest.approx(1, abs=0.2)


def test_a_pause_holds_up_everyone_and_keeps_their_order(queues: Queues) -> None:
    queue = queues(1)
    go(queue)
    places = [wait_at(queue)[0] for _ in range(2)]
    queue.pause(1.3)
    queue.pause(0.2)
    assert [wait_at(queue, each)[1] for each in places] == [pytest.approx(1.3, abs=0.2), pytest.approx(2, abs=0.2)]
    queues.let_pass(1.6)
    assert wait_at(queue, places[1])[1] > 0.5
    assert queue.ask(places[0])[2] == 0


def test_an_address_may_burst() -> None:
    clock = Time()
    queue = LocalPermitQueue(10_000, ADDRESS_PERIOD, clock)
    for _ in range(10_000):
        queue.end(go(queue))
    assert wait_at(queue)[1] == ADDRESS_PERIOD


@pytest.fixture(params=["local", "shared"])
def queues(request: pytest.FixtureRequest, key: str) -> Queues:
    """Makes the queue of a limit, in this process or in Redis."""
    if request.param == "local":
        clock = Time()
        return Queues(partial(LocalPermitQueue, clock=clock), clock.move)
    url: str = request.getfixturevalue("redis_url")
    store = SharedStore(open_session(url))
    return Queues(partial(store.queue, key=key), partial(pass_in_redis, url, key))


def test_one_queue_for_all_who_share_a_store(redis_url: str) -> None:
    one, other = (SharedStore(open_session(redis_url)).queue(1, "test:queue") for _ in range(2))
    one.end(go(one))
    ticket, _ = wait_at(other)
    later, wait = wait_at(one)
    assert wait == pytest.approx(2, abs=0.2)
    pass_in_redis(redis_url, "test:queue", 1.05)
    assert wait_at(one, later)[1] == pytest.approx(1, abs=0.2), "a permit is free, and is that of the one ahead"
    assert other.ask(ticket)[2] == 0


def test_who_dies_in_the_queue_is_forgotten(redis_url: str) -> None:
    dead, alive = (SharedStore(open_session(redis_url)).queue(1, "test:dead") for _ in range(2))
    go(alive)
    wait_at(dead)
    ticket, wait = wait_at(alive)
    assert wait == pytest.approx(2, abs=0.2)
    pass_in_redis(redis_url, "test:dead", 3.2)
    assert alive.ask(ticket)[2] == 0


# -- clocks that jump ----------------------------------------------------------------------------------------------

DAY = 86400.0


@pytest.mark.parametrize("jump", [-DAY, DAY, -0.3])
def test_a_clock_that_jumps_makes_nobody_wait_longer(jump: float) -> None:
    clock = Time()
    queue = LocalPermitQueue(2, clock=clock)
    first = go(queue)
    go(queue)
    queue.end(first)
    ticket, wait = wait_at(queue)
    assert wait == 1
    queue.pause(1.5)
    clock.now += jump
    assert queue.ask(ticket).wait <= 1.5
    clock.now += 1.6
    assert go(queue)
    assert queue.ask().wait <= 1


@pytest.mark.parametrize("jump", [-DAY, DAY])
def test_a_clock_of_redis_that_jumps_makes_nobody_wait_longer(jump: float, redis_url: str, key: str) -> None:
    """Its time cannot be set here; so what the last caller noted of it is put forward or back instead."""
    queue = SharedStore(open_session(redis_url)).queue(1, key)
    go(queue)
    tickets = [wait_at(queue)[0] for _ in range(2)]  # the second never asks again
    queue.pause(1.5)
    with closing(redis_from_url(redis_url, decode_responses=True)) as client:
        state: dict[str, Any] = json.loads(client.get(key))
        ticks = round(-jump * 10_000)
        state |= {name: state[name] + ticks for name in ("clock", "time", "resumes")}
        state |= {name: [[ticket, at + ticks] for ticket, at in state[name]] for name in ("queue", "under_way")}
        client.set(key, json.dumps(state))
    assert queue.ask(tickets[0]).wait <= 1.5
    pass_in_redis(redis_url, key, 1.6)
    if jump < 0:
        assert queue.ask(tickets[0]).wait == 0
    pass_in_redis(redis_url, key, 3)
    assert queue.ask().wait == 0, "who never asks again is forgotten"


def test_a_pause_in_the_store_is_believed_up_to_the_longest_ban(redis_url: str, key: str) -> None:
    queue = SharedStore(open_session(redis_url)).queue(20, key)
    queue.pause(DAY)
    assert wait_at(queue)[1] <= LONGEST_BAN
    with closing(redis_from_url(redis_url, decode_responses=True)) as client:
        assert client.ttl(key) <= LONGEST_BAN + 10
        state = json.loads(client.get(key))
        client.set(key, json.dumps(state | {"resumes": state["time"] + DAY * 10_000}))
    assert wait_at(queue)[1] <= LONGEST_BAN


@pytest.mark.parametrize("garbage", ["", "x", "[]", "1", "{}", '{"queue":[[1,9e13]],"resumes":9e13,"last":0}'])
def test_garbage_in_the_store_is_no_schedule(garbage: str, redis_url: str, key: str) -> None:
    queue = SharedStore(open_session(redis_url)).queue(1, key)
    with closing(redis_from_url(redis_url)) as client:
        client.set(key, garbage)
    assert go(queue)
    assert wait_at(queue)[0]
