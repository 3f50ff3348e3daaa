"""A toy service: prints each event it receives as one line, verifies its signature, keeps nothing.

With SIGNING_SECRET (or SIGNING_SECRET_FILE) an event without a valid Standard Webhooks signature is refused.
"""
import base64
import hashlib
import hmac
import json
import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = os.environ.get("SIGNING_SECRET", "")
if not SECRET and "SIGNING_SECRET_FILE" in os.environ:
    with open(os.environ["SIGNING_SECRET_FILE"], encoding="ascii") as file:
        SECRET = file.read().strip()
TOLERANCE = 300  # seconds between the signed time and now
LONGEST_BODY = 2 << 20
SHOWN = 160  # characters of the data that are printed


def is_genuine(headers, body):
    """Verifies as https://www.standardwebhooks.com describes it."""
    event_id, signed_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not signed_at.isdecimal() or abs(time.time() - int(signed_at)) > TOLERANCE:
        return False
    key = base64.b64decode(SECRET.removeprefix("whsec_") + "==")
    digest = hmac.new(key, f"{event_id}.{signed_at}.".encode() + body, hashlib.sha256).digest()
    expected = "v1," + base64.b64encode(digest).decode()
    given = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(expected.encode(), one.encode()) for one in given)


class Service(BaseHTTPRequestHandler):
    """Answers 200 to an event, 401 to a forged one, 400 to anything else."""

    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_POST(self):
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(min(length, LONGEST_BODY))
        if SECRET and not is_genuine(self.headers, body):
            return self.answer(401)
        try:
            event = json.loads(body)
            if "ce-type" in self.headers:  # binary mode: the attributes are headers and the body is the data
                event = {name: self.headers.get("ce-" + name) for name in ("type", "id", "subject")} | {"data": event}
            self.show(event)
        except (ValueError, AttributeError):
            return self.answer(400)
        return self.answer(200)

    def show(self, event):
        """One line: attempt, type, id, subject and the beginning of the data."""
        data = json.dumps(event.get("data"), ensure_ascii=False)
        print(f"attempt {self.headers.get('oncegate-attempt', '?')}  {event.get('type')}  {event.get('id')}  "
              f"{event.get('subject') or '-'}  {data[:SHOWN]}{'…' if len(data) > SHOWN else ''}")

    def answer(self, status):
        self.close_connection |= status != 200
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format, *arguments):
        """Says nothing about requests: `show` does."""


signal.signal(signal.SIGTERM, lambda *_: sys.exit())
ThreadingHTTPServer.request_queue_size = 128
ThreadingHTTPServer(("", 3000), Service).serve_forever()
