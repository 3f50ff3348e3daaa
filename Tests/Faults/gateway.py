"""The program under test: a command with a configuration file, a front door, an admin listener and a log.

Nothing here knows how Oncegate works inside.
"""
import contextlib
import http.client
import json
import re
import socket
import urllib.parse

import stage

SAMPLE = re.compile(r'^(\w+)(?:\{(.*)\})? (\S+)$', re.MULTILINE)
LABEL = re.compile(r'(\w+)="([^"]*)"')


class Gateway(stage.Process):
    """One configuration of the program, on ports that stay the same when it is started again."""

    def __init__(self, theatre, command, name, configuration, environment=()):
        self.port, self.admin = stage.free_ports(2)
        self.token = "faults-admin-token"
        listeners = {
            "listen": f"127.0.0.1:{self.port}",
            "admin": {"listen": f"127.0.0.1:{self.admin}", "token": self.token},
        }
        file = theatre.folder / f"{name}.yaml"
        file.write_text(json.dumps(listeners | configuration, indent=2))  # JSON is YAML
        super().__init__(theatre, name, [*command, "serve", "--config", str(file)], environment)

    def start(self):
        """Starts a process and waits until it is ready."""
        self.spawn()
        self.await_start(self.is_ready)
        return self

    def is_ready(self):
        """Whether it says so, and its front door accepts connections."""
        if self.get("/readyz")[0] == 200:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5):
                return True
        return False

    def get(self, path):
        """Status and text of a GET on the admin listener; status 0 if nothing answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.admin, timeout=5)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
            connection.request("GET", path, headers={"authorization": f"Bearer {self.token}"})
            response = connection.getresponse()
            return response.status, response.read().decode()
        return 0, ""

    def metric(self, name, **labels):
        """The sum of a metric's samples with these labels; None if there is none."""
        values = [float(value) for found, text, value in SAMPLE.findall(self.get("/metrics")[1])
                  if found == name and labels.items() <= dict(LABEL.findall(text)).items()]
        return sum(values) if values else None

    def dead_letters(self, standing):
        """The ids of all that waits for a person and stands so: `dead` or `unknown`."""
        ids, cursor = set(), ""
        while True:
            status, text = self.get(f"/api/v1/dead-letters?standing={standing}&limit=200{cursor}")
            if status != 200:
                raise stage.Failure(f"the API answers {status}: {text}")
            page = json.loads(text)
            ids.update(letter["id"] for letter in page["dead_letters"])
            if page["cursor"] is None:
                return frozenset(ids)
            cursor = "&cursor=" + urllib.parse.quote(page["cursor"], safe="")

    def resident_bytes(self):
        """The memory of the process that is really there."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS:"))

    def log_lines(self):
        """The lines of its log, decoded; a line that a kill has cut off is left out."""
        for line in self.log.splitlines():
            with contextlib.suppress(ValueError):
                yield json.loads(line)
