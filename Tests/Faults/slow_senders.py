"""Ten thousand half-open slow connections beside normal traffic."""
import json
import statistics
import subprocess

import crowd
import stage
import traffic

SIZE = 10000
ADDRESSES = [f"127.0.1.{number}" for number in range(1, 41)]
RATE = 200  # events/s of the normal traffic
SECONDS = 10  # of one measurement
MOST, MOST_QUICK = 2, 10  # times the undisturbed p99; a quick run has too few answers for a steady one


def measure(trial, gateway, port, seconds):
    """Latencies of signed events in milliseconds, from `oncegate bench`."""
    command = [
        trial.options.binary, "bench", "--json", "--url", f"http://127.0.0.1:{gateway.port}{traffic.PATH}", "--secret",
        traffic.SECRET, "--rate", str(RATE), "--events", str(RATE * seconds), "--connections", "16", "--sink-port",
        str(port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60 + seconds, check=False)
    if done.returncode:
        raise stage.Failure(f"normal traffic was not let in: {done.stdout[-500:]} {done.stderr[-500:]}")
    figures = json.loads(done.stdout)
    trial.row.accepted += figures["accepted"]
    trial.row.lost += figures["lost"]
    trial.row.twice += figures["duplicated"]
    return figures["accept"]


def slow_senders(trial):
    """10,000 half-open slow connections: the p99 of normal traffic at most doubles."""
    port, = stage.free_ports(1)  # of the destination, which belongs to the load
    size, seconds = trial.count(SIZE, 2000), trial.count(SECONDS, 3)
    gateway = trial.gateway(
        limits={"connections": size + 2000, "request_timeout": "10s"},
        destinations={"load": {"url": f"http://127.0.0.1:{port}/events/0"}},
        routes=[{"events": ["**"], "to": ["load"]}])
    measure(trial, gateway, port, 1)  # everything is loaded and connected
    quiet, disturbed, before = [], [], gateway.resident_bytes()
    for _ in range(trial.count(3, 1)):
        quiet.append(measure(trial, gateway, port, seconds))
        with crowd.CrowdApart(gateway.port, size, ADDRESSES) as slow:
            trial.wait_for(lambda: slow.counts()["open"] > 0.95 * size, "the slow connections do not come about")
            disturbed.append(measure(trial, gateway, port, seconds))
            counts, memory = slow.counts(), gateway.resident_bytes()
        trial.expect(counts["open"] > 0.9 * size, f"too few slow connections: {counts}")
        # Those that trickle are ended after ten seconds; a measurement of three sees none of that.
        trial.expect(trial.options.quick or counts.get("408", 0) > size / 3, f"nothing was ended with 408: {counts}")
        trial.expect(not counts.get("503"), f"slow connections were turned away: {counts}")
        trial.wait_for(lambda: open_connections(gateway) < 50, "connections are left")
    low, high = ({each: statistics.median(run[each] for run in runs) for each in ("p50", "p99", "max")}
                 for runs in (quiet, disturbed))
    trial.note(f"p50, p99, max without: {low['p50']:.2f}, {low['p99']:.2f}, {low['max']:.2f} ms; with {size} slow "
               f"connections: {high['p50']:.2f}, {high['p99']:.2f}, {high['max']:.2f} ms")
    trial.note(f"{(memory - before) / size / 1024:.1f} KiB for each of them; {counts}")
    most = trial.count(MOST, MOST_QUICK)
    trial.expect(high["p99"] <= most * low["p99"], f"the p99 of normal traffic is more than {most} times what it was")
    crowd_of_one(trial, gateway, port, size, low["p99"])


def crowd_of_one(trial, gateway, port, size, undisturbed):
    """The same crowd from a single address is held to that address's share."""
    with crowd.CrowdApart(gateway.port, size, ["127.0.1.1"]) as slow:
        trial.wait_for(lambda: slow.counts().get("503", 0) > 100, "nobody is turned away")
        figures = measure(trial, gateway, port, 5)
        counts, held = slow.counts(), open_connections(gateway)
    trial.note(f"all from one address: p99 {figures['p99']:.2f} ms (undisturbed {undisturbed:.2f}); {counts}")
    trial.wait_for(lambda: open_connections(gateway) < 50, "connections are left")
    trial.expect(held <= 1000 + 1024 + 50, f"one address has {held} connections")


def open_connections(gateway):
    """The sockets that the gateway has open."""
    folder = f"/proc/{gateway.process.pid}/fd"
    return len(subprocess.run(["ls", folder], capture_output=True, check=True).stdout.splitlines())
