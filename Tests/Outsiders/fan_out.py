#!/usr/bin/env python3
"""Two gateways, one Redis, many duplicates: each destination gets each event once, and forgeries leave no trace.

Five hundred events of all types are posted four times each, at once and to both gateways. What arrives is read with
other people's libraries: PyPI `cloudevents` for the bodies, `standardwebhooks` for the gateway's own signature.
"""
import collections
import datetime
import json
import queue
import re
import threading

import standardwebhooks
from cloudevents.core.bindings.http import HTTPMessage, from_http
from cloudevents.core.formats.json import JSONFormat

import gateway
import traffic

EVENTS, COPIES, CONNECTIONS = 500, 4, 16
DELIVERY_TIMEOUT = 60  # seconds
DELIVERY_SECRET = "whsec_b3V0c2lkZXJzX3ZlcmlmeV90aGVfZ2F0ZXdheV90b28h"
ROUTES = {  # destination: its patterns, and the same as a regular expression
    "everything": (["**"], r".*"),
    "people": (["user.*", "session.*"], r"(user|session)\.[^.]*"),
    "companies": (["organization*.*"], r"organization[^.]*\.[^.]*"),
}
NORMALISED = re.compile(r"user\.(created|updated)|session\.|organization(Membership|Invitation)?\.")


def configuration(redis, urls):
    """Three destinations: structured and signed, binary mode, and with nothing but defaults."""
    destinations = {name: {"url": url} for name, url in urls.items()}
    destinations["everything"]["signing_secret"] = DELIVERY_SECRET
    destinations["people"]["payload"] = "cloudevents-binary"
    return {
        "redis": {"url": redis},
        "sources": {"clerk": {"path": traffic.PATH, "scheme": "svix", "secrets": [traffic.SECRET]}},
        "destinations": destinations,
        "routes": [{"events": patterns, "to": [name]} for name, (patterns, _) in ROUTES.items()],
    }


def post_all(events, ports):
    """Posts every event `COPIES` times over all connections; returns the answers for each id."""
    work, answers, lock = queue.SimpleQueue(), collections.defaultdict(list), threading.Lock()
    for event_id, body in events.items():
        for _ in range(COPIES):  # side by side, so that the copies meet in different gateways at the same time
            work.put((event_id, body))

    def run(port):
        sender = traffic.Sender(port)
        while True:
            try:
                event_id, body = work.get_nowait()
                answer = sender.post(traffic.sign(event_id, body), body)
            except queue.Empty:
                return
            except Exception as error:  # whatever it is, it is an answer that no check expects
                answer = (0, {"error": repr(error)})
            with lock:
                answers[event_id].append(answer)

    threads = [threading.Thread(target=run, args=(ports[n % len(ports)],)) for n in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def fault_of(headers, body, sent):
    """What is wrong with one received event, compared with the body the sender signed; None if nothing is."""
    event, original = from_http(HTTPMessage(headers, body), JSONFormat()), json.loads(sent)
    stamp = original.get("timestamp")
    data = event.get_data()
    if event.get_type() != original["type"] or event.get_id() != headers["webhook-id"]:
        return "type or id"
    if headers.get("idempotency-key") != headers["webhook-id"] or headers.get("oncegate-source") != "clerk":
        return "headers"
    if stamp is not None:
        expected = datetime.datetime.fromtimestamp(stamp if stamp < 10**11 else stamp / 1000, datetime.timezone.utc)
        if abs(event.get_time() - expected) > datetime.timedelta(milliseconds=1):
            return "time"
    if NORMALISED.match(original["type"]) or original["data"].get("deleted"):
        return None if data.get("id") == original["data"].get("id") and "private_metadata" not in data else "data"
    return None if data == original["data"] else "data is not what was sent"


def check_deliveries(checks, destinations, events):
    """Each destination has the events of its routes, once each, and all of them are what they should be."""
    for name, destination in destinations.items():
        wanted = {i for i, body in events.items() if re.fullmatch(ROUTES[name][1], json.loads(body)["type"])}
        gateway.wait_until(lambda: wanted <= set(destination.ids()), DELIVERY_TIMEOUT)
        count = collections.Counter(destination.ids())
        faults = collections.Counter()
        for headers, body in destination.receipts:
            try:
                faults[fault_of(headers, body, events[headers["webhook-id"]])] += 1
            except Exception as error:
                faults[repr(error)] += 1
        del faults[None]
        checks.check(f"{name}: the events of its routes", wanted == set(count), f"{len(count)} of {len(wanted)}")
        checks.check(f"{name}: read by `cloudevents`, and as the sender meant it", not faults, str(dict(faults) or ""))
    binary = {h["content-type"].split(";")[0] for h, _ in destinations["people"].receipts if "ce-id" in h}
    checks.check("people: binary mode", binary == {"application/json"})
    verifier, unverified = standardwebhooks.Webhook(DELIVERY_SECRET), 0
    for headers, body in destinations["everything"].receipts:
        try:
            verifier.verify(body, headers, json_parse=False)
        except Exception:
            unverified += 1
    checks.check("everything: signature verified by `standardwebhooks`", unverified == 0, f"{unverified} are not")


def check_rest(checks, pair, destinations):
    """When all is recorded, nothing has been sent twice and the gateways' own numbers agree."""
    def is_done():
        return all(set(each.metric("oncegate_pending").values()) == {0} for each in pair)

    done = gateway.wait_until(is_done, DELIVERY_TIMEOUT)
    pending = [sum(each.metric("oncegate_pending").values()) for each in pair]
    checks.check("both gateways say that nothing is pending", done, str(pending))
    for name, destination in destinations.items():
        ids = destination.ids()
        checks.check(f"{name}: each event once", len(ids) == len(set(ids)), f"{len(ids)} requests")
    posts = sum(sum(each.metric("oncegate_events_total").values()) for each in pair)
    checks.check("oncegate_events_total counts every request", posts == EVENTS * COPIES, f"{posts:.0f}")


def refusals(body, known):
    """Requests that must be refused: what is wrong, the id, headers, body and the answer they get."""
    missing, invalid = {"error": "Missing headers"}, {"error": "Invalid signature"}
    yield "wrong signature", "forged", traffic.sign("msg_forged", body, secret=DELIVERY_SECRET), body, invalid
    yield "wrong signature for a known id", "forged", traffic.sign(known, body, secret=DELIVERY_SECRET), body, invalid
    yield "timestamp six minutes old", "stale", traffic.sign("msg_stale", body, age=360), body, invalid
    yield "timestamp six minutes ahead", "early", traffic.sign("msg_early", body, age=-360), body, invalid
    changed = body.replace(b"user_", b"User_", 1)
    yield "body changed by one byte", "changed", traffic.sign("msg_changed", body), changed, invalid
    for name in ("svix-id", "svix-timestamp", "svix-signature"):
        headers = traffic.sign("msg_without", body)
        del headers[name]
        yield f"no {name}", "without", headers, body, missing
    both = traffic.sign("msg_mixed", body) | traffic.sign("msg_mixed", body, family="webhook")
    mixed = {name: both[name] for name in ("svix-id", "svix-signature", "webhook-timestamp")}
    yield "half of one header family and half of the other", "mixed", mixed, body, missing


def check_refusals(checks, stage, port, body, known):
    """Nothing unverified reaches Redis; what is verified does."""
    sender, sizes = traffic.Sender(port), []

    def is_steady():
        sizes.append(stage.redis("DBSIZE")[0])
        return len(sizes) > 20 and len(set(sizes[-20:])) == 1

    rests = gateway.wait_until(is_steady, DELIVERY_TIMEOUT)
    checks.check("Redis is at rest when everything is delivered", rests, f"DBSIZE {sizes[-1]}")
    for name, trace, headers, changed, expected in refusals(body, known):
        answer = sender.post(headers, changed)
        clean = stage.redis("KEYS", f"*msg_{trace}*") == ["*0"]
        checks.check(f"{name}: 400, no key", answer == (400, expected) and clean, f"{answer[0]} {answer[1]}{'' if clean else ', a key'}")
    checks.check("DBSIZE is what it was", stage.redis("DBSIZE")[0] == sizes[-1])
    status, _ = sender.post(traffic.sign("msg_family", body, family="webhook"), body)
    checks.check("the same sender with webhook-* headers: 202, and a key",
                 status == 202 and stage.redis("KEYS", "*msg_family*") != ["*0"], str(status))


def main():
    """Runs everything once."""
    options = gateway.parser(__doc__).parse_args()
    bodies, checks = traffic.load_bodies(options.payloads), gateway.Checks()
    events = {f"msg_fanout{n:04}": bodies[n % len(bodies)] for n in range(EVENTS)}
    destinations = {name: traffic.Destination() for name in ROUTES}
    with gateway.Stage(options) as stage:
        settings = configuration(stage.start_redis(), {name: each.url for name, each in destinations.items()})
        pair = [gateway.Gateway(stage, name, settings).start() for name in ("one", "two")]
        checks.check("when `/readyz` says 200, the front door is open", not any(each.closed_doors for each in pair))
        answers = post_all(events, [each.port for each in pair])
        outcomes = collections.Counter(tuple(sorted(status for status, _ in answers[i])) for i in events)
        expected = (200,) * (COPIES - 1) + (202,)
        checks.check("each event: 202 once, 200 for its copies", set(outcomes) == {expected}, str(dict(outcomes)))
        words = {202: "accepted", 200: "duplicate"}
        wrong = sum(a != {"status": words.get(s), "id": i} for i in events for s, a in answers[i])
        checks.check("the answers name the id, and `accepted` or `duplicate`", not wrong, f"{wrong} do not")
        check_deliveries(checks, destinations, events)
        check_rest(checks, pair, destinations)
        check_refusals(checks, stage, pair[0].port, bodies[0], next(iter(events)))
        statuses = [each.stop() for each in pair]  # the first of them with a delivery on its way
        checks.check("SIGTERM: both end with status 0, and soon", statuses == [0, 0], str(statuses))
        logs = stage.log("one") + stage.log("two")
        leaks = [word for word in (traffic.SECRET[6:], DELIVERY_SECRET[6:], "@example.com") if word in logs]
        checks.check("no secret and no e-mail address in the logs", logs and not leaks, f"{len(logs)} bytes")
    checks.finish()


if __name__ == "__main__":
    main()
