"""The load: wrk, on one thread, which signs every request (signed.lua)."""
import os
import pathlib
import re
import secrets
import subprocess
from typing import NamedTuple

import stage

HERE = pathlib.Path(__file__).resolve().parent
KEY = "0123456789abcdef01234567"  # as it is; its secret is whsec_ and this in base64
CONNECTIONS = 64
PATH = "/webhooks/clerk"
USER_CREATED = HERE / "user.created.json"
GRACE = 30  # seconds in which wrk must end after its time
MILLISECONDS = {"us": 0.001, "ms": 1, "s": 1000}


class Answers(NamedTuple):
    """What wrk says of a load: answers with 2xx, how many of them a second, and percentiles in milliseconds."""
    count: int
    rate: float
    p50: float
    p99: float


class Load:
    """A load under way, each of whose requests is an event of its own; as a context it ends with it."""

    def __init__(self, port, seconds, body=USER_CREATED):
        self.seconds = seconds
        environment = os.environ | {"BODY": str(body), "KEY": KEY, "RUN": secrets.token_hex(6)}
        command = ["wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{seconds}s", "--latency",
                   "--script", str(HERE / "signed.lua"), f"http://127.0.0.1:{port}{PATH}"]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def answers(self):
        """Waits for its end; any answer but 2xx, and any error of a connection, ends the benchmark."""
        output, _ = self.process.communicate(timeout=self.seconds + GRACE)
        if self.process.returncode or "Non-2xx" in output or "Socket errors" in output:
            raise stage.Failure(f"the load was not answered as it should be:\n{output}")
        percentiles = {name: float(value) * MILLISECONDS[unit] for name, value, unit
                       in re.findall(r"^ +(\d+)%\s+([\d.]+)(us|ms|s)$", output, re.MULTILINE)}
        count = int(re.search(r"(\d+) requests in", output)[1])
        rate = float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1])
        return Answers(count, rate, percentiles["50"], percentiles["99"])
