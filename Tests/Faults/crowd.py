"""Thousands of connections that never come to an end, in a process of their own: slowloris in three ways.

A third says nothing at all, a third sends its headers a byte at a time, a third its body. Whatever the gateway closes is
opened again at once.
"""
import collections
import multiprocessing
import os
import resource
import selectors
import socket
import time

OPENINGS = 1000  # connections opened a second at the most, so that as many are ended in each second as in any other
TRICKLE = 4  # seconds between two bytes of a connection
PATH = "/webhooks/clerk"
BEGINNINGS = [
    b"",
    f"POST {PATH} HTTP/1.1\r\nhost: a\r\nx-slow: ".encode(),
    f"POST {PATH} HTTP/1.1\r\nhost: a\r\ncontent-length: 10000\r\n\r\n{{".encode(),
]


class Crowd:
    """The connections, and how to keep them up; all of it in the other process."""

    def __init__(self, port, size, addresses):
        self.port, self.size, self.addresses = port, size, addresses
        self.selector = selectors.EpollSelector()
        self.due = collections.deque()  # connections in the order in which their next byte is due
        self.missing = collections.deque(range(size))
        self.counts = collections.Counter()

    def open(self, number):
        """Opens one connection; what it says depends on its number."""
        connection = socket.socket()
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # The port is chosen at the connect, so that addresses do not run out of them.
        connection.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
        connection.bind((self.addresses[number % len(self.addresses)], 0))
        connection.connect_ex(("127.0.0.1", self.port))
        self.selector.register(connection, selectors.EVENT_WRITE, number)
        self.counts["opened"] += 1

    def close(self, connection, number):
        """Lets go of a connection that the gateway has ended."""
        self.selector.unregister(connection)
        connection.close()
        self.missing.append(number)
        self.counts["closed"] += 1

    def act(self, connection, number, events):
        """Says the first words, or reads what came back."""
        try:
            if events & selectors.EVENT_WRITE:
                if error := connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                    raise OSError(error, "connect")
                self.selector.modify(connection, selectors.EVENT_READ, number)
                if beginning := BEGINNINGS[number % 3]:
                    connection.send(beginning)
                    self.due.append((time.monotonic() + TRICKLE, connection))
                return
            answer = connection.recv(4096)
            if answer:
                self.counts[answer[9:12].decode("latin-1")] += 1
            else:
                self.close(connection, number)
        except OSError as error:
            self.counts[f"error {error.errno}"] += 1
            self.close(connection, number)

    def trickle(self, now):
        """Sends a byte on each connection whose time has come."""
        while self.due and self.due[0][0] <= now:
            connection = self.due.popleft()[1]
            try:
                connection.send(b"x")
            except OSError:
                continue  # closed; what is to be read says so
            self.due.append((now + TRICKLE, connection))

    def run(self, pipe):
        """Keeps the connections up until the other side has gone; answers every word with the counts."""
        began, opened = time.monotonic(), 0
        while True:
            now = time.monotonic()
            while self.missing and opened < (now - began) * OPENINGS:
                self.open(self.missing.popleft())
                opened += 1
            if not self.missing:
                began, opened = now, 0
            for key, events in self.selector.select(0.01):
                self.act(key.fileobj, key.data, events)
            self.trickle(time.monotonic())
            if pipe.poll():
                try:
                    pipe.recv()
                except EOFError:
                    return
                pipe.send(dict(self.counts, open=len(self.selector.get_map())))


def serve(pipe, port, size, addresses):
    """The other process."""
    os.nice(19)  # senders do not share the machine with the gateway: these shall take nothing that others want
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    Crowd(port, size, addresses).run(pipe)


class CrowdApart:
    """The crowd, seen from here; as a context it comes and goes."""

    def __init__(self, port, size, addresses):
        self.pipe, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.get_context("spawn").Process(
            target=serve, args=(theirs, port, size, addresses), daemon=True)
        self.process.start()
        theirs.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.pipe.close()
        self.process.join(10)
        self.process.kill()

    def counts(self):
        """What it has seen so far: `open`, `opened`, `closed`, and statuses."""
        self.pipe.send("counts")
        return self.pipe.recv()
