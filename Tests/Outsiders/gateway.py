"""What the outsider checks share: options, real processes in a temporary folder, and a table of results.

Nothing here knows how Oncegate works inside: the gateway is a program with a configuration file.
"""
import argparse
import contextlib
import http.client
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import tempfile
import time

from prometheus_client.parser import text_string_to_metric_families

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
START_TIMEOUT = 30  # seconds for a process to become ready
STOP_TIMEOUT = 10  # seconds for a process to end after SIGTERM; destinations answer at once
# Below the ports that the kernel gives to clients: otherwise a client that calls while the gateway is away may get that
# very port for its own end, and so be connected to itself.
PORTS = range(20000, 32000)


def parser(description):
    """The options that every check has."""
    result = argparse.ArgumentParser(description=description)
    result.add_argument("--binary", required=True, type=os.path.abspath, help="the oncegate program")
    result.add_argument("--redis-server", default="redis-server", help="the redis-server program")
    result.add_argument("--payloads", type=pathlib.Path, help="folder of request bodies",
                        default=REPOSITORY / "Tests/WebhooksTests/Resources/wire")
    return result


def wait_until(condition, seconds):
    """Waits until `condition()` is true; returns whether it became so in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def free_ports(count):
    """Different ports of 127.0.0.1 that nothing listens on."""
    with contextlib.ExitStack() as stack:
        ports = []
        while len(ports) < count:
            with contextlib.suppress(OSError):
                port = random.SystemRandom().choice(PORTS)
                stack.enter_context(socket.create_server(("127.0.0.1", port)))
                ports.append(port)
        return ports


class Checks:
    """Prints a line for each check, and counts what passed and what failed."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, name, passed, detail=""):
        """Takes note of one check."""
        self.passed += bool(passed)
        self.failed += not passed
        print(f"  {'ok  ' if passed else 'FAIL'}  {name:<64} {detail}".rstrip(), flush=True)

    def finish(self):
        """Prints the last line and ends the program."""
        print(f"{self.passed} passed, {self.failed} failed")
        raise SystemExit(1 if self.failed else 0)


class Gateway:
    """One configuration of the program, on ports that stay the same when it is started again."""

    def __init__(self, stage, name, configuration):
        self.stage, self.name, self.process = stage, name, None
        self.port, self.admin = free_ports(2)
        self.closed_doors = 0  # how often `/readyz` said 200 and the front door still refused a connection
        listeners = {"listen": f"127.0.0.1:{self.port}", "admin": {"listen": f"127.0.0.1:{self.admin}"}}
        self.file = stage.folder / f"{name}.yaml"
        self.file.write_text(json.dumps(listeners | configuration, indent=2))  # JSON is YAML

    def start(self):
        """Starts a process and waits until it is ready."""
        self.process = self.stage.start(self.name, self.stage.options.binary, "serve", "--config", str(self.file))
        wait_until(lambda: self.process.poll() is not None or self.get("/readyz")[0] == 200, START_TIMEOUT)
        if self.get("/readyz")[0] != 200:
            raise SystemExit(f"{self.name} did not become ready:\n{self.stage.log(self.name)[-4000:]}")
        self.closed_doors += not self.is_listening()
        wait_until(self.is_listening, START_TIMEOUT)
        return self

    def is_listening(self):
        """Whether the front door accepts connections."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5):
            return True
        return False

    def get(self, path):
        """Status and text of a GET on the admin listener; status 0 if nothing answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.admin, timeout=5)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        return 0, ""

    def metric(self, name):
        """The values of a metric by the value of their labels, as `prometheus_client` reads them."""
        families = text_string_to_metric_families(self.get("/metrics")[1])
        samples = [sample for family in families for sample in family.samples if sample.name == name]
        return {tuple(sample.labels.values()): sample.value for sample in samples}

    def kill(self):
        """Ends the process as a power cut would: SIGKILL, no chance to tidy up."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Sends SIGTERM; returns the exit status, or None if the process did not end in time."""
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.process.wait(STOP_TIMEOUT)
        return None


class Stage:
    """A temporary folder and the processes in it; as a context it ends them all, each by its process id."""

    def __init__(self, options):
        self.options, self.processes = options, []

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="oncegate-", ignore_cleanup_errors=True)
        self.folder = pathlib.Path(self.temporary.name)
        self.socket = self.folder / "redis.sock"
        return self

    def __exit__(self, *_):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()
        for process_id in self.left_behind():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process_id, signal.SIGKILL)
        self.temporary.cleanup()

    def left_behind(self):
        """The ids of processes that work in this folder: an embedded redis-server may outlive a killed gateway."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdecimal() and self.folder in (entry / "cwd").readlink().joinpath("_").parents:
                    found.append(int(entry.name))
        return found

    def start(self, name, *command):
        """Starts a process in the folder; its output is appended to NAME.log there."""
        environment = dict(os.environ)
        if "/" in self.options.redis_server:  # for the gateway's embedded Redis
            folder = os.path.dirname(os.path.abspath(self.options.redis_server))
            environment["PATH"] = f"{folder}:{environment['PATH']}"
        with open(self.folder / f"{name}.log", "ab") as log:
            process = subprocess.Popen(command, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL,
                                       stdout=log, stderr=subprocess.STDOUT)
        self.processes.append(process)
        return process

    def log(self, name):
        """The output of a process."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def start_redis(self):
        """Starts a private redis-server on a unix socket and returns its URL."""
        self.start("redis", self.options.redis_server, "--port", "0", "--unixsocket", str(self.socket),
                   "--dir", str(self.folder), "--appendonly", "yes", "--save", "")
        if not wait_until(self.socket.exists, START_TIMEOUT):
            raise SystemExit(f"redis-server did not start:\n{self.log('redis')}")
        return f"unix://{self.socket}"

    def redis(self, *words):
        """Sends one command to the private redis-server; returns its reply in lines of the protocol."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.socket))
            connection.sendall((" ".join(words) + "\r\nQUIT\r\n").encode())
            return b"".join(iter(lambda: connection.recv(65536), b"")).decode().splitlines()[:-1]
