"""What is compared. Each gives tables and lines, after it has printed its rounds."""
import json
import subprocess
import time

import contestants
import figures
import scene
import stage
import wrk

DOCUMENTS = wrk.HERE.parent / "WebhooksTests/Resources/wire"
BENCH = 600  # seconds in which a run of `oncegate bench` must end
REWRITE = 300  # seconds in which Redis must have rewritten its append-only file, which the filling has begun
ORGANIZATION_CREATED = DOCUMENTS / "spec.organization.created.json"


def claim(options):
    """Verify, claim and queue: against Go, against nginx with Lua, and without a delivery."""
    def measured(prepare):
        with scene.Scene(options) as fresh:
            prepare(fresh)
            return fresh.measure_answers()

    series = figures.Series("claim and queue", options.rounds, {
        "Oncegate": lambda: measured(lambda fresh: fresh.oncegate([("**", contestants.refusing())])),
        "Go": lambda: measured(lambda fresh: fresh.go("queue")),
        "nginx and Lua": lambda: measured(lambda fresh: fresh.nginx_and_lua()),
        "Oncegate, no route": lambda: measured(lambda fresh: fresh.oncegate([("no.such", contestants.refusing())])),
    })
    yield series.table()
    yield series.ratio("Oncegate", "Go")
    yield series.ratio("Oncegate", "nginx and Lua")
    yield series.ratio("Oncegate, no route", "Go", "gateway")


def forward(options):
    """Verify, claim, queue and deliver to one destination, against Go that forwards before it answers."""
    def measured(prepare):
        with scene.Scene(options) as fresh:
            prepare(fresh)
            return fresh.measure_deliveries()

    little = {"time": "24h", "events": 1000}
    series = figures.Series("deliver to one destination", options.rounds, {
        "Oncegate": lambda: measured(lambda fresh: fresh.oncegate([("**", fresh.sink.url)])),
        "Go, nothing kept": lambda: measured(lambda fresh: fresh.go("forward")),
        "Oncegate, short history": lambda: measured(
            lambda fresh: fresh.oncegate([("**", fresh.sink.url)], retention=little)),
    })
    yield series.table()
    yield series.ratio("Oncegate", "Go, nothing kept")
    yield series.ratio("Oncegate, short history", "Go, nothing kept")


def gateways(options):
    """One gateway, and three on one Redis, each with a load of its own."""
    def measured(count):
        with scene.Scene(options) as fresh:
            for _ in range(count):
                fresh.oncegate([("**", fresh.sink.url)])
            return fresh.measure_deliveries()

    series = figures.Series("gateways on one Redis", options.rounds, {
        "three gateways": lambda: measured(3), "one gateway": lambda: measured(1)})
    yield series.table()
    yield series.ratio("three gateways", "one gateway", "cpu")


def fan_out(options):
    """Deliveries to one, three and ten destinations of each event, by `oncegate bench`."""
    def measured(destinations):
        report = bench(options, "--events", str(30 * options.scale), "--destinations", str(destinations))
        return in_figures(report, report["delivered_per_second"], report["accept_to_delivered"])

    names = {1: "1 destination", 3: "3 destinations", 10: "10 destinations"}
    series = figures.Series("deliveries", options.rounds, {
        name: lambda count=count: measured(count) for count, name in names.items()})
    yield series.table()
    yield series.ratio(names[3], names[1])
    yield series.ratio(names[10], names[1])


def latency(options):
    """From the 202 to the arrival, and from the request to the 202, synced to disk each (`oncegate bench`)."""
    def arrival():
        report = bench(options, "--events", str(5 * options.scale), "--rate", "500")
        return in_figures(report, report["delivered_per_second"], report["accept_to_delivered"])

    def answer(destinations):
        report = bench(options, "--events", str(50 * options.scale), "--rate", "5000", "--destinations", destinations)
        return in_figures(report, report["accepted_per_second"], report["accept"])

    yield figures.Series("latency", options.rounds, {
        "202 to arrival, 500/s": arrival,
        "request to 202, 5,000/s": lambda: answer("1"),
        "the same without a delivery": lambda: answer("0")}).table()


def backlog(options):
    """Deliveries while very many wait for a dead destination, against none that wait; and what those cost at rest."""
    events = 1000 * options.scale
    with scene.Scene(options) as burdened, scene.Scene(options) as free:
        for each in (burdened, free):
            each.oncegate([("user.*", each.sink.url), ("organization.*", contestants.refusing())])
        door, empty = burdened.doors[0], burdened.redis.used_memory()
        waiting, before = 0, -1
        while waiting < events:
            if waiting <= before:
                raise stage.Failure(f"{waiting:,.0f} deliveries wait, and they do not become more")
            with wrk.Load(door.port, options.seconds, ORGANIZATION_CREATED) as filling:
                filling.answers()
            before, waiting = waiting, door.metric("oncegate_pending", destination="to-1")
            print(f"  {waiting:,.0f} waiting", flush=True)
        bytes_each = (burdened.redis.used_memory() - empty) / waiting
        yield (f"{waiting:,.0f} deliveries wait: {bytes_each:,.0f} bytes of Redis for each; the gateway"
               f" {door.resident_bytes() / 2**20:.0f} MiB")
        if not stage.wait_until(lambda: "aof_rewrite_in_progress:0" in burdened.redis.command_reply(
                "INFO", "persistence"), REWRITE):
            raise stage.Failure(f"the append-only file is still rewritten {REWRITE} s after the load")
        yield at_rest(options, burdened)
        series = figures.Series("deliveries to the other destination", options.rounds, {
            "a backlog": burdened.measure_deliveries, "none": free.measure_deliveries})
        yield series.table()
        yield series.ratio("a backlog", "none")


def rest(options):
    """A gateway that has nothing to do: its start, its memory and its CPU time."""
    with scene.Scene(options) as fresh:
        began = time.monotonic()
        door = fresh.oncegate([("**", fresh.sink.url)])
        opened = (time.monotonic() - began) * 1000
        yield f"ready {opened:.0f} ms after the start; {door.resident_bytes() / 2**20:.0f} MiB"
        yield at_rest(options, fresh)


def at_rest(options, burdened):
    """CPU time while nobody calls."""
    before = burdened.cpu_seconds()
    time.sleep(options.seconds)  # what is measured
    gateway, redis = ((now - then) * 1000 / options.seconds for now, then in zip(burdened.cpu_seconds(), before))
    return f"at rest: gateway {gateway:.1f} ms of CPU time a second, Redis {redis:.1f} ms"


def bench(options, *arguments):
    """What `oncegate bench` says; its exit status is 1 if anything is lost or came twice."""
    command = [options.binary, "bench", "--json", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=BENCH)
    if ended.returncode:
        raise stage.Failure(f"{' '.join(command)}:\n{ended.stdout}{ended.stderr}")
    return json.loads(ended.stdout)


def in_figures(report, rate, latencies):
    """The figures that count in a report of `oncegate bench`."""
    return figures.Figures(rate, report["gateway_microseconds_per_event"], report["redis_microseconds_per_event"],
                           latencies["p50"], latencies["p99"])


ALL = [claim, forward, fan_out, latency, backlog, gateways, rest]
