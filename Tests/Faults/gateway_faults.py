"""Faults of the gateway itself: killed, frozen, or with a wrong clock."""
import collections
import datetime
import glob
import os
import time

import sinks
import stage

SHIFT = 3000  # seconds; a source's tolerance is an hour at the most


def kill_gateway(trial):
    """The only gateway is killed at random moments under load, and started again each time."""
    trial.sink("email")
    trial.sink("crm", sinks.Reply(delay=0.1))  # so that attempts are under way at any moment
    gateway = trial.gateway()
    with trial.load() as load:
        for _ in range(trial.count(100, 10)):
            load.wait_for_progress()
            trial.moment(0, 0.8)
            trial.kill(gateway)
        load.wait_for_progress(20)
    trial.expect(load.statuses[0] > 0, "no post was cut off: the kills met no traffic")
    trial.drain()
    trial.judge()


def hold(trial):
    """A destination that must never be called twice: what nobody knows the outcome of waits for a person."""
    careful = trial.sink("careful", sinks.sometimes(0.2, sinks.Reply("close"), trial.options.seed), on_unknown="hold",
                         breaker={"failures": 1000000})
    gateway = trial.gateway()
    with trial.load() as load:
        for _ in range(trial.count(20, 5)):
            load.wait_for_progress()
            trial.moment(0, 0.8)
            trial.kill(gateway)
        load.wait_for_progress(20)
    trial.wait_for(lambda: trial.pending("careful") == 0, "deliveries still wait")
    held = gateway.dead_letters("unknown")
    trial.judge({"careful": held})


def pause_gateway(trial):
    """One of two gateways is frozen for longer than its leases; what it then says of them must change nothing."""
    for name in ("email", "crm"):
        trial.sink(name, sinks.Reply(delay=0.1))  # so that attempts are under way at any moment
    paused, other = trial.gateway("paused"), trial.gateway("other")
    with trial.load(patience=2) as load:
        for _ in range(trial.count(3, 1)):
            load.wait_for_progress(20)
            trial.moment(0, 0.8)
            with trial.fault():
                paused.pause()
                time.sleep(8)  # lease: 6 s
                paused.resume()
                trial.wait_for(paused.is_ready, "the gateway does not recover from a pause")
        load.wait_for_progress(20)
    trial.drain()
    late = sum(each.metric("oncegate_deliveries_total", outcome="overtaken") or 0 for each in (paused, other))
    trial.expect(late, "no answer came late: the pauses met no attempt under way")
    trial.note(f"{late:.0f} late answers, all without effect")
    trial.judge()


def gateway_ahead(trial):
    """A gateway whose clock, but for the monotonic one, is fifty minutes ahead."""
    found = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    if not found:
        raise stage.Failure("libfaketime is missing: apt-get install faketime")
    trial.at_the_end(remove_shared_memory, trial.stage)
    # libfaketime changes the environment when it is loaded first, and Swift looks for a program's arguments right before
    # its environment: so it is loaded first into `env`, which then becomes the gateway. A program that has the Swift
    # libraries in itself (--static-swift-stdlib) never ends under libfaketime, whatever the shift, and is not judged here.
    ahead = trial.gateway("ahead", wrapper=["env"], tolerance="1h", environment={
        "LD_PRELOAD": found[0], "FAKETIME": f"+{SHIFT}", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1"})
    stamp = datetime.datetime.fromisoformat(next(ahead.log_lines())["time"])
    shift = (stamp - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
    trial.expect(abs(shift - SHIFT) < 60, f"the clock is {shift:.0f} s ahead, not {SHIFT}: libfaketime did not work")


def remove_shared_memory(theatre):
    """Removes what libfaketime leaves behind of the processes of a stage."""
    for process in theatre.processes:
        for path in glob.glob(f"/dev/shm/*faketime_*_{process.pid}"):
            os.unlink(path)


def clock_shift(trial):
    """The clock of one of two gateways is far ahead: time comes from Redis, so that it makes no difference."""
    trial.sink("email")
    crm = trial.sink("crm", sinks.sometimes(0.3, sinks.Reply(status=503), trial.options.seed),
                     breaker={"failures": 1000000})
    gateway_ahead(trial)
    trial.gateway("right", tolerance="1h")
    with trial.load(total=trial.count(1000, 200)) as load:
        trial.wait_for(lambda: load.is_done, "the door does not let all events in")
    trial.drain()
    by_id = collections.defaultdict(list)
    for arrival in crm.arrivals:
        by_id[arrival.id].append(arrival)
    pauses = [later.began - earlier.ended for each in by_id.values() for earlier, later in zip(each, each[1:])]
    trial.note(f"{len(pauses)} repetitions after 503, {min(pauses):.2f} to {max(pauses):.2f} s later")
    trial.expect(min(pauses) > 0.45, f"repeated after {min(pauses):.2f} s instead of 0.5 s")
    trial.expect(max(pauses) < 30, f"repeated after {max(pauses):.2f} s instead of 0.5 s")
    trial.judge()
