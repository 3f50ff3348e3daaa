"""Both ends of the gateway, as the outsider checks play them: a sender of signed events and destinations that count.

Events are signed by the sender's own library (PyPI `svix`); the rest is the standard library. All traffic stays on
127.0.0.1.
"""
import contextlib
import datetime
import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import svix

SECRET = "whsec_dGVzdF9zaWduaW5nX3NlY3JldF8zMl9jaGFyc19sb25n"
PATH = "/webhooks/clerk"


def load_bodies(folder):
    """The request bodies in `folder`, as bytes.

    Left out are those without a string `type`, and those that JSON readers need not agree about: with a byte order mark
    or with a key that comes twice.
    """
    def without_repeated_keys(pairs):
        if len({key for key, _ in pairs}) < len(pairs):
            raise ValueError("a key comes twice")
        return dict(pairs)

    bodies = []
    for path in sorted(folder.iterdir()):
        body = path.read_bytes()
        with contextlib.suppress(ValueError):
            event = json.loads(body.decode("utf-8"), object_pairs_hook=without_repeated_keys)
            if isinstance(event.get("type"), str):
                bodies.append(body)
    if not bodies:
        raise SystemExit(f"no request bodies in {folder}")
    return bodies


def sign(event_id, body, secret=SECRET, age=0, family="svix"):
    """The three headers that a sender adds to `body`; the timestamp is `age` seconds in the past."""
    signed_at = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=age)
    signature = svix.Webhook(secret).sign(event_id, signed_at, body.decode("utf-8"))
    timestamp = str(int(signed_at.timestamp()))
    return {f"{family}-id": event_id, f"{family}-timestamp": timestamp, f"{family}-signature": signature}


class Sender:
    """One keep-alive connection to a front door; for one thread at a time."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def post(self, headers, body):
        """Sends one request and returns the status and the decoded answer; raises OSError or HTTPException."""
        try:
            self.connection.request("POST", PATH, body, {"content-type": "application/json"} | headers)
            response = self.connection.getresponse()
            return response.status, json.loads(response.read())
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise


class Destination:
    """An HTTP server on a port of the kernel's choice that answers `status` and keeps what it answered with 2xx."""

    def __init__(self):
        self.status, self.receipts, self.refused, self.lock = 200, [], 0, threading.Lock()
        self.server = _Server(("127.0.0.1", 0), _Handler)
        self.server.destination = self
        self.url = f"http://127.0.0.1:{self.server.server_port}/events"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def receive(self, headers, body):
        """Takes note of one request and returns the status to answer it with."""
        with self.lock:
            if self.status < 300:
                self.receipts.append(({name.lower(): value for name, value in headers.items()}, body))
            else:
                self.refused += 1
            return self.status

    def ids(self):
        """The `webhook-id` of each receipt, in the order of arrival."""
        with self.lock:
            return [headers.get("webhook-id") for headers, _ in self.receipts]


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Says nothing: a gateway that is killed resets its connections."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        length = int(self.headers["content-length"])
        body = self.rfile.read(length)
        if len(body) < length:  # cut off by a kill: never a complete request
            self.close_connection = True
            return
        self.send_response(self.server.destination.receive(self.headers, body))
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format, *arguments):
        pass
