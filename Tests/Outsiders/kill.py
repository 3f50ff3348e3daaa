#!/usr/bin/env python3
"""`kill -9` of the gateway: no event that was answered with 2xx is missing at any destination.

First right after a 202, before any destination has taken the event; then ten times at random moments under load. The
sender does what senders do: it repeats an event, under the same id, until it is answered with 2xx. An event that a
destination gets twice because the gateway died between the request and its record is allowed, and counted.
"""
import collections
import http.client
import itertools
import random
import threading
import time

import gateway
import traffic

KILLS, SENDERS, CONCURRENCY = 10, 8, 8
DELIVERY_TIMEOUT = 60  # seconds
RATE = 40  # events/s of each sender, at most
DESTINATIONS = ("email", "crm")


def configuration(redis, destinations):
    """Two destinations that get everything; short timeouts, so that what a kill has cut off is soon repeated."""
    settings = {
        "timeout": "1s",
        "concurrency": CONCURRENCY,
        "retry": {"attempts": 100, "first": "500ms", "factor": 1, "max": "1s"},
    }
    return ({"redis": {"url": redis}} if redis else {}) | {
        "data_dir": "data",
        "sources": {"clerk": {"path": traffic.PATH, "scheme": "svix", "secrets": [traffic.SECRET]}},
        "destinations": {name: {"url": each.url} | settings for name, each in destinations.items()},
        "routes": [{"events": ["**"], "to": list(destinations)}],
    }


def kill_after_accept(checks, server, destinations, body):
    """The gateway dies with the 202 just sent and the event still to be delivered."""
    for each in destinations.values():
        each.status = 503
    status, _ = traffic.Sender(server.port).post(traffic.sign("msg_last_words", body), body)
    server.kill()
    for each in destinations.values():
        each.status = 200
    server.start()
    everyone = destinations.values()
    arrived = gateway.wait_until(lambda: all("msg_last_words" in each.ids() for each in everyone), DELIVERY_TIMEOUT)
    checks.check("killed right after the 202: delivered by the next process", status == 202 and arrived,
                 f"{status}, attempts before: {sum(each.refused for each in destinations.values())}")
    status, _ = traffic.Sender(server.port).post(traffic.sign("msg_last_words", body), body)
    checks.check("the next process knows the id: 200", status == 200, str(status))


class Load:
    """Senders that post distinct events until they are told to stop, each event until it is accepted."""

    def __init__(self, port, bodies):
        self.port, self.bodies, self.numbers = port, bodies, itertools.count()
        self.accepted, self.statuses, self.stopping = [], collections.Counter(), threading.Event()
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run) for _ in range(SENDERS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def run(self):
        """One sender."""
        sender = traffic.Sender(self.port)
        while not self.stopping.is_set():
            number = next(self.numbers)
            event_id, body = f"msg_load{number:06}", self.bodies[number % len(self.bodies)]
            while not self.stopping.is_set():
                try:
                    status, _ = sender.post(traffic.sign(event_id, body), body)
                except (OSError, http.client.HTTPException):
                    status = 0
                with self.lock:
                    self.statuses[status] += 1
                    if status in (200, 202):
                        self.accepted.append(event_id)
                time.sleep(1 / RATE)
                if status in (200, 202):
                    break


def kill_under_load(checks, server, destinations, bodies, rolls):
    """Ten kills at random moments; then everything that was accepted has to arrive."""
    with Load(server.port, bodies) as load:
        for _ in range(KILLS):
            time.sleep(rolls.uniform(0.2, 1.2))  # the moment is the test
            server.kill()
            server.start()
        before = len(load.accepted)
        gateway.wait_until(lambda: len(load.accepted) > before, DELIVERY_TIMEOUT)
    print(f"        {len(load.accepted)} events accepted; answers {dict(load.statuses)} (0: no answer)")
    recovered = load.statuses[0] > 0 and len(load.accepted) > before
    checks.check("the sender was cut off, and came through afterwards", recovered)
    checks.check("no status but 200, 202, 503 or none", set(load.statuses) <= {0, 200, 202, 503})
    accepted = set(load.accepted)
    for name, each in destinations.items():
        gateway.wait_until(lambda: accepted <= set(each.ids()), DELIVERY_TIMEOUT)
        missing = accepted - set(each.ids())
        arrived = len(accepted) - len(missing)
        checks.check(f"{name}: no accepted event is missing", not missing, f"{arrived} of {len(accepted)}")
        count = collections.Counter(each.ids())
        repeated = sum(count.values()) - len(count)
        # In flight at the moment of a kill, or answered but not yet recorded: nothing else may come twice.
        bound = 2 * CONCURRENCY * KILLS
        checks.check(f"{name}: repeated only what was in flight", repeated <= bound, f"{repeated} of at most {bound}")
        attempts = collections.Counter((h["webhook-id"], h["oncegate-attempt"]) for h, _ in each.receipts)
        checks.check(f"{name}: every repetition has an attempt number of its own", set(attempts.values()) <= {1})


def main():
    """Runs both, with a private redis-server or with the gateway's embedded one."""
    parser = gateway.parser(__doc__)
    parser.add_argument("--embedded", action="store_true", help="without `redis:`, with the gateway's embedded Redis")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="of the moments")
    options = parser.parse_args()
    bodies, checks = traffic.load_bodies(options.payloads), gateway.Checks()
    destinations = {name: traffic.Destination() for name in DESTINATIONS}
    print(f"        seed {options.seed}, {'embedded' if options.embedded else 'private'} Redis")
    with gateway.Stage(options) as stage:
        redis = None if options.embedded else stage.start_redis()
        server = gateway.Gateway(stage, "gateway", configuration(redis, destinations)).start()
        kill_after_accept(checks, server, destinations, bodies[0])
        kill_under_load(checks, server, destinations, bodies, random.Random(options.seed))
        detail = f"{server.closed_doors} of {KILLS + 2} times not"
        checks.check("when `/readyz` says 200, the front door is open", server.closed_doors == 0, detail)
        status = server.stop()
        checks.check("SIGTERM: ends with status 0", status == 0, str(status))
        left = len(stage.left_behind()) - (0 if options.embedded else 1)  # the private redis-server is still there
        checks.check("no process is left behind", left == 0, f"{left}" if left else "")
    checks.finish()


if __name__ == "__main__":
    main()
