"""Real processes in a temporary folder: a private redis-server and whatever else a scenario starts.

Everything listens on 127.0.0.1 or on a unix socket in the folder, and is ended by its process id.
"""
import contextlib
import os
import pathlib
import random
import signal
import socket
import subprocess
import tempfile
import time

START_TIMEOUT = 60  # seconds for a process to become ready
STOP_TIMEOUT = 60  # seconds for a process to end after SIGTERM
# Below the ports that the kernel gives to clients: otherwise a client that calls while a server is away may get that
# very port for its own end, and so be connected to itself.
PORTS = range(20000, 32000)


class Failure(Exception):
    """Something without which a scenario cannot go on; its text says what."""


def wait_until(condition, seconds, pause=0.02):
    """Waits until `condition()` is true; returns whether it became so in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
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


class Process:
    """A program that can be ended, and started again with the same command."""

    def __init__(self, stage, name, command, environment=()):
        self.stage, self.name, self.command, self.environment = stage, name, command, dict(environment)
        self.process = None

    def spawn(self):
        """Starts the program; its output is appended to NAME.log in the folder."""
        with open(self.stage.folder / f"{self.name}.log", "ab") as log:
            self.process = subprocess.Popen(self.command, cwd=self.stage.folder, env=os.environ | self.environment,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        self.stage.processes.append(self.process)

    @property
    def log(self):
        """All it has written so far, over all its lives."""
        return (self.stage.folder / f"{self.name}.log").read_text(errors="replace")

    @property
    def is_running(self):
        """Whether it runs; a paused one does."""
        return self.process is not None and self.process.poll() is None

    def await_start(self, condition):
        """Waits until `condition()` is true of the process that was just started."""
        wait_until(lambda: not self.is_running or condition(), START_TIMEOUT)
        if not self.is_running or not condition():
            raise Failure(f"{self.name} did not start:\n{self.log[-2000:]}")

    def kill(self):
        """Ends it as a power cut would: SIGKILL, no chance to tidy up."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Sends SIGTERM; returns the exit status, or None if it did not end in time."""
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.process.wait(STOP_TIMEOUT)
        return None

    def pause(self):
        """Freezes it in mid-instruction: SIGSTOP."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        """Lets it go on: SIGCONT."""
        self.process.send_signal(signal.SIGCONT)


class Redis(Process):
    """A private redis-server on a unix socket, and on a port of 127.0.0.1 if one is given; its append-only file is on."""

    def __init__(self, stage, program, port=0, fsync="always"):
        self.socket, self.port = stage.folder / "redis.sock", port
        super().__init__(stage, "redis", [
            program, "--bind", "127.0.0.1", "--port", str(port), "--unixsocket", str(self.socket),
            "--dir", str(stage.folder), "--save", "", "--appendonly", "yes", "--appendfsync", fsync])
        self.url = f"unix://{self.socket}"

    def start(self):
        """Starts it and waits until it has read what it had written."""
        self.spawn()
        self.await_start(lambda: self.command_reply("PING") == ["+PONG"])
        return self

    def command_reply(self, *words):
        """Sends one command; returns its reply in lines of the protocol, or none if nothing answers."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(self.socket))
            connection.sendall((" ".join(words) + "\r\nQUIT\r\n").encode())
            return b"".join(iter(lambda: connection.recv(65536), b"")).decode().splitlines()[:-1]
        return []

    def used_memory(self):
        """What Redis itself counts as used, in bytes."""
        return next(int(line.split(":")[1]) for line in self.command_reply("INFO", "memory")
                    if line.startswith("used_memory:"))


class Stage:
    """A temporary folder and the processes in it; as a context it ends them all, each by its process id."""

    def __init__(self):
        self.processes = []

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="oncegate-faults-", ignore_cleanup_errors=True)
        self.folder = pathlib.Path(self.temporary.name)
        return self

    def __exit__(self, *_):
        for process in self.processes:
            if process.poll() is None:
                process.kill()  # ends a paused one, too
                process.wait()
        self.temporary.cleanup()
