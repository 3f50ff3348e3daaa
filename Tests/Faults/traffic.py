"""The sender: it signs events as Standard Webhooks says, and repeats each of them until it is answered with 2xx."""
import asyncio
import base64
import collections
import hashlib
import hmac
import itertools
import json
import time

import stage

SECRET = "whsec_dGVzdF9zaWduaW5nX3NlY3JldF8zMl9jaGFyc19sb25n"
PATH = "/webhooks/clerk"
KEY = base64.b64decode(SECRET.removeprefix("whsec_"))
PAUSE = 0.1  # seconds before an event is posted again
GIVE_UP = 120  # seconds after the end of the load in which the last events must be accepted
SUBJECTS = 50  # that events are about
COPY_EVERY = 10  # each such event is posted once more after its 2xx, as if that had got lost


def request(event_id, body):
    """The bytes of a signed POST."""
    stamp = str(int(time.time()))
    signature = hmac.digest(KEY, f"{event_id}.{stamp}.".encode() + body, hashlib.sha256)
    return (f"POST {PATH} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nsvix-id: {event_id}\r\nsvix-timestamp: {stamp}\r\n"
            f"svix-signature: v1,{base64.b64encode(signature).decode()}\r\n\r\n").encode() + body


def event_body(subject, sequence, padding=0):
    """An event of a type that the gateway passes on to the letter."""
    data = {"id": subject, "seq": sequence} | ({"padding": "x" * padding} if padding else {})
    return json.dumps({"data": data, "object": "event", "type": "thing.happened",
                       "timestamp": int(time.time() * 1000)}).encode()


class Door:
    """One keep-alive connection to a front door."""

    def __init__(self, port, patience):
        self.port, self.patience, self.writer = port, patience, None

    async def post(self, event_id, body):
        """Sends one event; returns the status, or 0 if there was no answer in time."""
        try:
            async with asyncio.timeout(self.patience):
                if self.writer is None:
                    self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
                self.writer.write(request(event_id, body))
                head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                await self.reader.readexactly(int(head.partition("content-length:")[2].split()[0]))
                if "connection: close" in head:
                    self.close()
                return int(head.split()[1])
        except (OSError, EOFError, TimeoutError, IndexError, ValueError):
            self.close()
            return 0

    def close(self):
        """Ends the connection; the next post opens another."""
        if self.writer:
            self.writer.transport.abort()
        self.writer = None


class Load:
    """Events at a steady rate over several connections, as a context: from the start until all of them are accepted.

    Each event goes to the next of the doors, and to another one each time it is repeated.
    """

    def __init__(self, network, ports, rate, total=None, connections=24, patience=10, padding=0):
        self.network, self.ports, self.rate, self.total = network, ports, rate, total
        self.connections, self.patience, self.padding = connections, patience, padding
        self.numbers, self.is_stopping = itertools.count(), False
        self.accepted = {}  # id: the time of its first 2xx
        self.statuses, self.copies = collections.Counter(), collections.Counter()
        self.slowest = 0  # seconds that an answer took at most
        self.unaccepted = []  # ids that never got a 2xx

    def __enter__(self):
        self.started = time.monotonic()
        self.workers = [self.network.spawn(self.run(number)) for number in range(self.connections)]
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.finish()

    @property
    def is_done(self):
        """Whether the last of `total` events is accepted."""
        return all(worker.done() for worker in self.workers)

    def finish(self):
        """Begins no further events, and waits until those begun are accepted."""
        self.is_stopping = True
        for worker in self.workers:
            worker.result(GIVE_UP + 30)

    def wait_for_progress(self, events=1, seconds=GIVE_UP):
        """Waits until more events are accepted than now."""
        goal = len(self.accepted) + events
        if not stage.wait_until(lambda: len(self.accepted) >= goal or self.is_done, seconds):
            raise stage.Failure(f"the door let nothing in for {seconds} s: {dict(self.statuses)}")

    async def run(self, worker):
        """One connection to each door."""
        doors = [Door(port, self.patience) for port in self.ports]
        try:
            await self.work(worker, doors)
        finally:
            for door in doors:
                door.close()

    async def work(self, _, doors):
        """Takes the next event when its time has come."""
        for number in self.numbers:
            if self.total is not None and number >= self.total:
                return
            await asyncio.sleep(self.started + number / self.rate - time.monotonic())
            if self.is_stopping:
                return
            await self.send(doors, number, f"user_{number % SUBJECTS}", number)

    async def send(self, doors, number, subject, sequence):
        """Posts one event until it is accepted; some of them once more."""
        event_id, deadline = f"msg_{number:06}", None
        body = event_body(subject, sequence, self.padding)
        for turn in itertools.count(number):
            status = await self.post(doors[turn % len(doors)], event_id, body)
            self.statuses[status] += 1
            if status in (200, 202):
                self.accepted[event_id] = time.monotonic()
                break
            if self.is_stopping:
                deadline = deadline or time.monotonic() + GIVE_UP
                if time.monotonic() > deadline:
                    self.unaccepted.append(event_id)
                    return
            await asyncio.sleep(PAUSE)
        if number % COPY_EVERY == 0:
            self.copies[await self.post(doors[(turn + 1) % len(doors)], event_id, body)] += 1

    async def post(self, door, event_id, body):
        """Posts once, and takes note of how long an answer took."""
        began = time.monotonic()
        status = await door.post(event_id, body)
        if status:
            self.slowest = max(self.slowest, time.monotonic() - began)
        return status
