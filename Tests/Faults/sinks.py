"""Destinations: small HTTP/1.1 servers that write down what arrives and misbehave as they are told."""
import asyncio
import json
import random
import time
from typing import NamedTuple

import stage

CHUNK = b"x" * 65536  # of an endless body


class Reply(NamedTuple):
    """What a sink does with a request that has arrived completely.

    `kind` is `answer` (with `status`), `hang` (never a byte), `close` (the connection ends without a byte), `garbage`
    (bytes that are no HTTP) or `endless` (a 200 whose body does not end).
    """
    kind: str = "answer"
    status: int = 200
    delay: float = 0


OK = Reply()


class Arrival:
    """One request that arrived in full, and what became of it."""

    __slots__ = ("id", "attempt", "replay", "destination", "subject", "sequence", "began", "ended", "answer")

    def __init__(self, headers, body):
        data = json.loads(body)["data"]
        self.id, self.subject, self.sequence = headers["webhook-id"], data["id"], data["seq"]
        self.attempt, self.replay = int(headers["oncegate-attempt"]), headers.get("oncegate-replay")
        self.destination = headers["oncegate-destination"]
        self.began, self.ended = time.monotonic(), None
        self.answer = None  # a status; or `close`, `garbage`, or `cut` where the other side went before the answer

    @property
    def is_delivered(self):
        """Whether it was answered with 2xx."""
        return isinstance(self.answer, int) and 200 <= self.answer < 300

    @property
    def is_refused(self):
        """Whether it was answered, and not with 2xx: all others the sink may have acted on."""
        return isinstance(self.answer, int) and not self.is_delivered


def sometimes(rate, reply, seed, otherwise=OK):
    """A behaviour: `reply` for a random part of the requests."""
    rolls = random.Random(seed)
    return lambda arrival: reply if rolls.random() < rate else otherwise


class Sink:
    """A destination. `behaviour` is a reply, or a function that gives one for an arrival; it can be changed any time."""

    def __init__(self, network, name, behaviour=OK):
        self.network, self.name, self.behaviour = network, name, behaviour
        self.port, = stage.free_ports(1)
        self.url = f"http://127.0.0.1:{self.port}/events"
        self.arrivals, self.delivered = [], {}  # all requests; and for each id the time of its first 2xx
        self.server, self.connections = None, set()
        self.open()

    def open(self):
        """Listens, on the same port each time."""
        async def listen():
            loop = asyncio.get_running_loop()
            return await loop.create_server(lambda: _Connection(self), "127.0.0.1", self.port, backlog=1024)

        self.server = self.network.call(listen)

    def refuse(self):
        """Stops listening and ends all connections."""
        def end():
            self.server.close()
            for connection in set(self.connections):
                connection.transport.abort()

        self.network.call(end)

    def reply_to(self, arrival):
        """Takes note of a request; returns what to do with it."""
        self.arrivals.append(arrival)
        return self.behaviour(arrival) if callable(self.behaviour) else self.behaviour


class _Connection(asyncio.Protocol):
    """One connection; requests come one after the other, each with a content-length, as libcurl sends them."""

    def __init__(self, sink):
        self.sink, self.buffer, self.current, self.is_writable = sink, b"", None, True

    def connection_made(self, transport):
        self.transport = transport
        self.sink.connections.add(self)

    def connection_lost(self, error):
        self.sink.connections.discard(self)
        if self.current:
            self.end("cut")

    def pause_writing(self):
        self.is_writable = False

    def resume_writing(self):
        self.is_writable = True

    def data_received(self, data):
        self.buffer += data
        head, separator, rest = self.buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        lines = head.decode("latin-1").split("\r\n")[1:]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers["content-length"])
        if len(rest) < length:
            return
        self.buffer, self.current = rest[length:], Arrival(headers, rest[:length])
        reply = self.sink.reply_to(self.current)
        if reply.delay:
            asyncio.get_running_loop().call_later(reply.delay, self.act, reply, self.current)
        else:
            self.act(reply, self.current)

    def act(self, reply, arrival):
        """Does what the reply says, unless the other side has gone."""
        if self.current is not arrival or self.transport.is_closing():
            return
        if reply.kind == "answer":
            self.transport.write(b"HTTP/1.1 %d Status\r\ncontent-length: 0\r\n\r\n" % reply.status)
            self.end(reply.status)
        elif reply.kind == "endless":
            self.transport.write(b"HTTP/1.1 200 OK\r\n\r\n")
            self.end(200)
            self.write_on()
        elif reply.kind == "garbage":
            self.transport.write(b"\0\1\2 this is no HTTP \xff\xfe\r\n\r\n")
            self.end("garbage")
        elif reply.kind == "close":
            self.end("close")
            self.transport.close()

    def end(self, answer):
        """Takes note of the end of the request under way."""
        arrival, self.current = self.current, None
        arrival.ended, arrival.answer = time.monotonic(), answer
        if arrival.is_delivered:
            self.sink.delivered.setdefault(arrival.id, arrival.ended)

    def write_on(self):
        """Writes more of an endless body, as fast as it is read, until the other side has had enough."""
        if not self.transport.is_closing():
            if self.is_writable:
                self.transport.write(CHUNK)
            asyncio.get_running_loop().call_later(0.01, self.write_on)
