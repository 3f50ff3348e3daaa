#!/usr/bin/env python3
"""Writes the inputs that fuzzing begins with: seeds.py FOLDER. They are made from the payloads in Tests."""

import base64
import hashlib
import hmac
import itertools
import pathlib
import sys

TESTS = pathlib.Path(__file__).resolve().parent.parent
WEBHOOKS = TESTS / "WebhooksTests/Resources"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEY = base64.b64decode(SECRET.removeprefix("whsec_"))
NOW = b"1700000000"
LONGEST = 8192

DICTIONARIES = {
    "http": [
        "POST /hook HTTP/1.1\\x0d\\x0a", "POST /near HTTP/1.1\\x0d\\x0a", "HEAD / HTTP/1.1\\x0d\\x0a",
        "host: a\\x0d\\x0a",
        "content-length: 2\\x0d\\x0a", "transfer-encoding: chunked\\x0d\\x0a", "connection: close\\x0d\\x0a",
        "expect: 100-continue\\x0d\\x0a", "upgrade: x\\x0d\\x0a", "x-forwarded-for: 192.0.2.7\\x0d\\x0a",
        "\\x0d\\x0a\\x0d\\x0a",
        "0\\x0d\\x0a\\x0d\\x0a", "svix-id: ", "svix-timestamp: ", "svix-signature: v1,", "x-slack-signature: v0=",
    ],
    "json": [
        '\\"type\\":', '\\"data\\":', '\\"timestamp\\":', '\\"instance_id\\":', '\\"id\\":', '\\"user.created\\"',
        '\\"deleted\\":true',
        '\\"url_verification\\"', '\\"challenge\\":', '\\"action\\":', '\\"email_addresses\\":',
        '\\"session.created\\"',
        '\\"organizationMembership.created\\"', '\\"user.deleted\\"', "\\\\ud800", "\\\\u0000", "1e400", "-0.0",
        '\\\\', "null", "\\xef\\xbb\\xbf",
    ],
    "configuration": [
        "sources:", "destinations:", "routes:", "secrets: ", "${EMAIL_TOKEN}", "${NASTY}",
        "${file:/run/secrets/nasty}",
        "${EMPTY:-x}", "scheme: hmac", "hmac: {", "tls: {", "allowed_addresses: [", "retry: {", "&a ", "*a",
        "!!str ", "<<: ",
        "? ", "- ", "\\x0a  ", "\\xe2\\x80\\xa8", "rate_limit: 1/s", "trusted_proxies: [",
    ],
    "resp": [
        "*2\\x0d\\x0a", "$1\\x0d\\x0a", "$-1\\x0d\\x0a", "*-1\\x0d\\x0a", ":1\\x0d\\x0a", "-ERR x\\x0d\\x0a",
        "+OK\\x0d\\x0a", "*4294967295\\x0d\\x0a",
    ],
}


def bodies():
    files = sorted((WEBHOOKS / "wire").iterdir()) + sorted((WEBHOOKS / "providers").iterdir())
    return [file.read_bytes() for file in files if file.stat().st_size <= LONGEST]


def texts():
    """Bodies whose type and subject need escapes wherever they are written again."""
    for text in [r"a\\b", r"\"", r"\u0000\n\u001f\u007f", r"\ud800", "\u00e9 %\u2028", "x" * 1024]:
        body = '{"type":"%s","data":{"id":"%s"},"instance_id":"%s"}' % (text, text, text)
        yield body.encode()


def suite():
    folder = TESTS / "SystemTests/Resources/JSONTestSuite/test_parsing"
    return [file.read_bytes() for file in sorted(folder.iterdir()) if file.stat().st_size <= LONGEST]


def code(key, content, hash=hashlib.sha256, text="hex"):
    digest = hmac.new(key, content, hash).digest()
    return (digest.hex() if text == "hex" else base64.b64encode(digest).decode()).encode()


def svix(body, family="svix"):
    signature = code(KEY, b"msg_1." + NOW + b"." + body, text="base64")
    signatures = b"v1,AAAA v1," + signature
    return [(f"{family}-id", b"msg_1"), (f"{family}-timestamp", NOW), (f"{family}-signature", signatures)]


def github(body):
    signature = b"sha256=" + code(SECRET.encode(), body)
    return [("x-github-delivery", b"d-1"), ("x-github-event", b"push"), ("x-hub-signature-256", signature)]


def stripe(body):
    return [("stripe-signature", b"t=" + NOW + b",v1=" + code(SECRET.encode(), NOW + b"." + body))]


def slack(body):
    signature = code(SECRET.encode(), b"v0:" + NOW + b":" + body)
    return [("x-slack-request-timestamp", NOW), ("x-slack-signature", b"v0=" + signature)]


def shopify(body):
    signature = code(SECRET.encode(), body, text="base64")
    about = [("x-shopify-webhook-id", b"w-1"), ("x-shopify-topic", b"orders/create")]
    return [*about, ("x-shopify-hmac-sha256", signature)]


def signs_all(body):
    return [("x-id", b"i-1"), ("x-time", NOW), ("x-signature", code(SECRET.encode(), b"i-1." + NOW + b"." + body))]


def signs_behind(body):
    signature = code(SECRET.encode(), b"a:" + body + b":" + NOW + b":i-1", hashlib.sha512, "base64")
    return [("x-id", b"i-1"), ("x-time", NOW), ("x-type", b"t"), ("x-signature", b"sig=" + signature)]


def ed25519(body):
    return [(name, value.replace(b"v1,", b"v1a,") + b"A" * 40) for name, value in svix(body)]


# In the order of SignatureTarget.
SCHEMES = [svix, github, stripe, slack, shopify, signs_all, signs_behind, ed25519]


def signatures():
    for number, scheme in enumerate(SCHEMES):
        for body in [b"", b'{"type":"user.created"}', *bodies()[:2]]:
            lines = b"".join(name.encode() + b":" + value + b"\n" for name, value in scheme(body))
            yield bytes([number]) + lines + b"\n" + body


def request(path, body, headers, chunked=False, extra=b"", line=None):
    head = line or b"POST " + path + b" HTTP/1.1\r\n"
    fields = b"".join(name.encode() + b": " + value + b"\r\n" for name, value in headers)
    if chunked:
        framed = b"transfer-encoding: chunked\r\n" + fields + extra + b"\r\n"
        return head + b"host: a\r\n" + framed + b"%x;a=b\r\n" % len(body) + body + b"\r\n0\r\nx: y\r\n\r\n"
    return head + b"host: a\r\ncontent-length: %d\r\n" % len(body) + fields + extra + b"\r\n" + body


def requests():
    event = b'{"type":"user.created","data":{"id":"user_1"}}'
    question = (WEBHOOKS / "providers/slack.url_verification.json").read_bytes()
    stripes = (WEBHOOKS / "providers/stripe.customer.created.json").read_bytes()[:900]
    good = [
        request(b"/hook", event, svix(event)), request(b"/hook?x=y", event, svix(event, "webhook"), chunked=True),
        request(b"/github", event, github(event)), request(b"/stripe", stripes, stripe(stripes)),
        request(b"/slack", question, slack(question)),
        request(b"/near", event, svix(event), extra=b"x-forwarded-for: 10.1.1.1, 127.0.0.9\r\n"),
    ]
    odd = [
        request(b"/hook", event, svix(event), extra=b"expect: 100-continue\r\nx-forwarded-for: 192.0.2.7\r\n"),
        request(b"/hook", event, svix(event), extra=b"connection: close\r\n"),
        request(b"/hook", event, svix(event), extra=b"transfer-encoding: chunked\r\n"),
        request(b"/hook", event, svix(event), extra=b"content-length: 1\r\n"),
        request(b"/hook", event, svix(event) + svix(event)),
        request(b"/hook", event, [], extra=b"upgrade: x\r\nconnection: upgrade\r\n"),
        request(b"/hook", b"x" * 1100, []), request(b"/hook", b"x" * 1100, [], chunked=True),
        request(b"/", b"", [], line=b"GET / HTTP/1.1\r\n"), request(b"/", b"", [], line=b"HEAD /hook HTTP/1.1\r\n"),
        request(b"/", b"", [], line=b"OPTIONS * HTTP/1.1\r\n"),
        request(b"/", b"", [], line=b"POST /hook HTTP/1.0\r\n"),
        request(b"/", b"", [], line=b"CONNECT a:1 HTTP/1.1\r\n"), request(b"http://a/hook", b"", []),
        b"POST /hook HTTP/1.1\nhost: a\n\n", b"POST /hook HTTP/1.1\r\nhost: a\r\nx: a\r\n b\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ]
    yield from good
    yield from odd
    for first, second in itertools.permutations(good[:3] + odd[:2] + odd[8:10], 2):
        yield first + second


def replies():
    yield b"+OK\r\n:-7\r\n$-1\r\n*-1\r\n$0\r\n\r\n$5\r\na\r\n\0b\r\n*0\r\n-OOM too much\r\n"
    yield b"*4\r\n:1\r\n*2\r\n$1\r\nx\r\n*0\r\n-ERR no\r\n$-1\r\n"
    yield b":9223372036854775807\r\n:-9223372036854775808\r\n"
    yield b"*1\r\n" * 8 + b":1\r\n"
    bad = [
        b"HTTP/1.1 400 Bad Request\r\n\r\n", b"$-2\r\n", b"$999999999999999999999\r\n", b":x\r\n", b"*-5\r\n",
        b"*1\r\n" * 10,
    ]
    yield from bad


def configurations():
    folder = TESTS / "GatewayConfigurationTests/Resources"
    files = [folder / "full.yaml", TESTS.parent / "docker/oncegate.yaml", *sorted((folder / "broken").iterdir())]
    yield from (file.read_bytes() for file in files if file.stat().st_size <= LONGEST)
    yield b'sources: { clerk: { secrets: ["${CLERK_WEBHOOK_SECRET}"] } }\n' \
        b'destinations: { e: { url: "http://e" } }\nroutes: [{ events: ["**"], to: [e] }]\n'


def main(folder):
    json = [*bodies(), *texts(), *suite()]
    inputs = {
        "signature": signatures(), "http": requests(), "envelope": json, "normaliser": [*bodies(), *texts()],
        "configuration": configurations(), "resp": replies(),
    }
    for target, contents in inputs.items():
        (folder / target).mkdir(parents=True, exist_ok=True)
        for content in contents:
            (folder / target / hashlib.sha1(content).hexdigest()).write_bytes(content)
    for name, words in DICTIONARIES.items():
        (folder / f"{name}.dict").write_text("".join(f'"{word}"\n' for word in words))


main(pathlib.Path(sys.argv[1]))
