#!/usr/bin/env python3
"""Other people's libraries sign, the gateway accepts: PyPI `svix`, `standardwebhooks`, `stripe` and `slack_sdk`.

Each signed request is sent again within the tolerance, which makes it a duplicate, and once more when its time is over,
which gets it refused. What was refused leaves no key in Redis and nothing in the log.
"""
import datetime
import http.client
import json
import time

import slack_sdk.signature
import standardwebhooks
import stripe
import svix

import gateway
import traffic

TOLERANCE = 3  # seconds, so that a check can wait for the end of it
STANDARD_SECRET = "whsec_c3RhbmRhcmQtd2ViaG9va3Mtb3V0c2lkZXJzLXNlY3JldA=="
STRIPE_SECRET = "whsec_text-that-is-taken-as-it-stands"
SLACK_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
MARK = "mark-of-a-refused-body"
DELIVERY_TIMEOUT = 30  # seconds


def sign_svix(event_id, body, at):
    """As `svix` signs."""
    signature = svix.Webhook(traffic.SECRET).sign(event_id, at, body.decode())
    return {"svix-id": event_id, "svix-timestamp": str(int(at.timestamp())), "svix-signature": signature}


def sign_standard(event_id, body, at):
    """As `standardwebhooks` signs."""
    signature = standardwebhooks.Webhook(STANDARD_SECRET).sign(event_id, at, body.decode())
    return {"webhook-id": event_id, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}


def sign_stripe(_, body, at):
    """As `stripe` signs, and finds right itself."""
    header = stripe.WebhookSignature.generate_signature_header(body.decode(), STRIPE_SECRET, timestamp=int(at.timestamp()))
    stripe.Webhook.construct_event(body, header, STRIPE_SECRET)
    return {"stripe-signature": header}


def sign_slack(_, body, at):
    """As `slack_sdk` signs."""
    timestamp = str(int(at.timestamp()))
    signature = slack_sdk.signature.SignatureVerifier(SLACK_SECRET).generate_signature(timestamp=timestamp, body=body)
    return {"x-slack-request-timestamp": timestamp, "x-slack-signature": signature}


SENDERS = {  # source: how it signs, what the configuration says, a body with the id of the event
    "svix": (sign_svix, {"scheme": "svix", "secrets": [traffic.SECRET]},
             lambda _, mark: {"type": "invoice.paid", "data": {"mark": mark}}),
    "standard": (sign_standard, {"scheme": "standard-webhooks", "secrets": [STANDARD_SECRET]},
                 lambda _, mark: {"type": "invoice.paid", "data": {"mark": mark}}),
    "stripe": (sign_stripe, {"scheme": "stripe", "secrets": [STRIPE_SECRET]},
               lambda event_id, mark: {"id": event_id, "object": "event", "type": "invoice.paid",
                                       "data": {"object": {"mark": mark}}}),
    "slack": (sign_slack, {"scheme": "slack", "secrets": [SLACK_SECRET]},
              lambda event_id, mark: {"event_id": event_id, "type": "event_callback",
                                      "event": {"type": "invoice.paid", "mark": mark}}),
}


def post(port, source, headers, body):
    """Sends one request and returns the status and the decoded answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", f"/in/{source}", body, {"content-type": "application/json"} | headers)
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def main():
    """Runs everything once."""
    options = gateway.parser(__doc__).parse_args()
    checks, destination, sent = gateway.Checks(), traffic.Destination(), {}
    with gateway.Stage(options) as stage:
        sources = {name: settings | {"path": f"/in/{name}", "tolerance": f"{TOLERANCE}s"}
                   for name, (_, settings, _) in SENDERS.items()}
        server = gateway.Gateway(stage, "gateway", {
            "redis": {"url": stage.start_redis()}, "log": {"level": "trace"}, "sources": sources,
            "destinations": {"all": {"url": destination.url}}, "routes": [{"events": ["**"], "to": ["all"]}],
        }).start()
        for name, (sign, _, make) in SENDERS.items():
            event_id = f"evt_{name}"
            body = json.dumps(make(event_id, "fine"), indent=1).encode()
            headers = sign(event_id, body, now())
            sent[name] = headers, body
            answers = [post(server.port, name, headers, body) for _ in range(2)]
            expected = [(202, {"status": "accepted", "id": event_id}), (200, {"status": "duplicate", "id": event_id})]
            checks.check(f"{name}: accepted, and a duplicate when it is sent again", answers == expected, str(answers))
        names = [f"evt_{name}" for name in SENDERS]
        gateway.wait_until(lambda: sorted(destination.ids()) == sorted(names), DELIVERY_TIMEOUT)
        checks.check("each is delivered once", sorted(destination.ids()) == sorted(names), str(destination.ids()))
        types = {json.loads(body)["type"] for _, body in destination.receipts}
        checks.check("each has the type that its sender gave it", types == {"invoice.paid"}, str(types))
        counted = {labels: value for labels, value in server.metric("oncegate_verified_total").items()}
        checks.check("the metric names the secret of each", counted == {(name, "0"): 2.0 for name in SENDERS}, str(counted))
        gateway.wait_until(lambda: sum(server.metric("oncegate_pending").values()) == 0, DELIVERY_TIMEOUT)
        time.sleep(TOLERANCE + 1)  # until what was signed above is too old
        size = stage.redis("DBSIZE")
        for name, (sign, _, make) in SENDERS.items():
            refused = 400, {"error": "Invalid signature"}
            answer = post(server.port, name, *sent[name])
            checks.check(f"{name}: refused when the tolerance is over", answer == refused, str(answer))
            body = json.dumps(make(f"evt_{name}_bad", MARK)).encode()
            headers = sign(f"evt_{name}_bad", body, now())
            answer = post(server.port, name, headers, body.replace(b"paid", b"void"))
            checks.check(f"{name}: refused when the body was changed", answer == refused, str(answer))
            text = stage.log("gateway")
            signature = next(value for key, value in headers.items() if "signature" in key)
            hidden = [MARK, signature, signature[-40:], traffic.SECRET[6:], STANDARD_SECRET[6:],
                      STRIPE_SECRET[6:], SLACK_SECRET]
            checks.check(f"{name}: no body, signature or secret in the log", not any(each in text for each in hidden))
        checks.check("no key of what was refused in Redis", stage.redis("DBSIZE") == size, str(size))
        written = b"".join(path.read_bytes() for path in (stage.folder / "appendonlydir").iterdir())
        clean = MARK.encode() not in written and b"fine" in written
        checks.check("nothing of it was ever written there", clean)
        status = server.stop()
        checks.check("SIGTERM: ends with status 0", status == 0, str(status))
    checks.finish()


if __name__ == "__main__":
    main()
