"""The gateways that are compared: what each is started with."""
import base64
import contextlib
import os
import pathlib
import re
import socket
import subprocess
import time
import urllib.request

import gateway
import stage
import wrk

HERE = pathlib.Path(__file__).resolve().parent
QUIET = 0.5  # seconds without a request after which a destination has everything
DRAIN = 120  # seconds in which it must have everything
BUILD = 300  # seconds in which the Go program must be built
SECRET = "whsec_" + base64.b64encode(wrk.KEY.encode()).decode()


def accepts(port):
    """Whether something listens there."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False


class Nginx(stage.Process):
    """nginx with a configuration of ours, in which @LISTEN@ and what else is given are filled in."""

    def __init__(self, theatre, template, **values):
        self.port, = stage.free_ports(1)
        text = template.read_text(encoding="utf-8")
        for name, value in values.items() | {("LISTEN", f"127.0.0.1:{self.port}")}:
            text = text.replace(f"@{name}@", str(value))
        file = theatre.folder / f"nginx-{template.name}"
        file.write_text(text, encoding="utf-8")
        super().__init__(theatre, file.stem, ["nginx", "-p", str(theatre.folder), "-c", str(file)])

    def start(self):
        """Starts it and waits until it listens."""
        self.spawn()
        self.await_start(lambda: accepts(self.port))
        return self


class Sink(Nginx):
    """The destination; it counts its requests."""

    def __init__(self, theatre):
        super().__init__(theatre, HERE / "sink.conf")
        self.url, self.asked = f"http://127.0.0.1:{self.port}/events", 0

    def count(self):
        """Requests so far; those for this number are not among them."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/status", timeout=10) as answer:
            total = int(re.search(r"^ \d+ \d+ (\d+)", answer.read().decode(), re.MULTILINE)[1])
        self.asked += 1
        return total - self.asked

    def drained(self, at_least=0):
        """Waits until so much has come, and then nothing for a while.

        Returns the count, and the monotonic time of its last change.
        """
        began = since = time.monotonic()
        last = self.count()
        while last < at_least or time.monotonic() - since < QUIET:
            if time.monotonic() - began > DRAIN:
                raise stage.Failure(f"{DRAIN} s after the load {last} of {at_least} have come, and not yet nothing more")
            time.sleep(0.01)  # the resolution of the figure: silence has no event that could be waited for
            if (now := self.count()) != last:
                last, since = now, time.monotonic()
        return last, since


class Go(stage.Process):
    """The program in rivals/main.go; `mode` is `queue` or `forward`."""

    def __init__(self, theatre, redis, sink, mode):
        self.port, = stage.free_ports(1)
        super().__init__(theatre, "go", [str(theatre.folder / "go-rival")], {
            "MODE": mode, "KEY": wrk.KEY, "LISTEN": f"127.0.0.1:{self.port}", "REDIS": f"127.0.0.1:{redis.port}",
            "DESTINATION": sink.url})

    def start(self):
        """Builds it of Debian's packages alone, starts it and waits until it listens."""
        environment = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "CGO_ENABLED": "0"}
        build = ["go", "build", "-o", self.command[0], str(HERE / "rivals/main.go")]
        subprocess.run(build, env=os.environ | environment, check=True, timeout=BUILD)
        self.spawn()
        self.await_start(lambda: accepts(self.port))
        return self


def nginx_and_lua(theatre, redis):
    """nginx that does it in Lua (rivals/nginx.conf)."""
    return Nginx(theatre, HERE / "rivals/nginx.conf", REDIS_PORT=redis.port, KEY=wrk.KEY)


def refusing():
    """The address of a destination that refuses connections."""
    return f"http://127.0.0.1:{stage.free_ports(1)[0]}/events"


def oncegate(theatre, redis, binary, name, routes, **settings):
    """Oncegate as it is by itself, but for a log without a line for each event: its rivals write none either.

    The body goes on as it came, and up to 128 requests are in flight.
    """
    urls = {f"to-{number}": url for number, (_, url) in enumerate(routes)}
    return gateway.Gateway(theatre, [binary], name, settings | {
        "redis": {"url": f"redis://127.0.0.1:{redis.port}"},
        "log": {"level": "notice"},
        "max_pending": 10_000_000,
        "sources": {"clerk": {"path": wrk.PATH, "scheme": "svix", "secrets": [SECRET]}},
        "destinations": {each: {"url": url, "payload": "raw", "concurrency": 128} for each, url in urls.items()},
        "routes": [{"events": [pattern], "to": [each]} for (pattern, _), each in zip(routes, urls)],
    })
