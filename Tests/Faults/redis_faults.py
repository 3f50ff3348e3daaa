"""Faults of Redis: killed, restarted, full, read-only, cut off or frozen.

The gateways live on and keep the answers of destinations until they can be recorded. So where Redis is away for less
than the five seconds by which a lease outlasts an attempt, no repetition is explained at all.
"""
import time

import proxy

DOOR_PATIENCE = 3  # seconds; the door promises an answer within 2 s, and this machine may be busy


def prepare(trial):
    """Two destinations and two gateways."""
    trial.sink("email")
    trial.sink("crm")
    return trial.gateway("one"), trial.gateway("two")


def finish(trial, load):
    """Lets everything arrive, and looks at how long the door has kept senders waiting."""
    trial.drain()
    trial.note(f"slowest answer of the door after {load.slowest:.1f} s")
    trial.expect(load.slowest < DOOR_PATIENCE, f"the door took {load.slowest:.1f} s to answer")
    trial.judge()


def redis_kill(trial):
    """redis-server is killed at random moments under load, and started again on the same folder."""
    repeat(trial, trial.redis.kill)


def redis_restart(trial):
    """redis-server is told to end at random moments under load, and started again on the same folder."""
    repeat(trial, trial.redis.stop)


def repeat(trial, end):
    """Ends Redis several times and starts it again at once."""
    prepare(trial)
    with trial.load() as load:
        for _ in range(trial.count(10, 3)):
            load.wait_for_progress(20)
            trial.moment(0, 0.8)
            end()
            trial.redis.start()
        load.wait_for_progress(20)
    finish(trial, load)


def redis_full(trial):
    """Redis is full while a destination is away: the door says 503, and all goes on when the destination is back."""
    crm = trial.sink("crm")
    gateway = trial.gateway(retention={"time": "1m", "events": 10})
    crm.refuse()
    room = trial.redis.used_memory() + trial.count(4, 2) * 1024 * 1024
    trial.redis.command_reply("CONFIG", "SET", "maxmemory", str(room))
    with trial.load(rate=200, padding=8000) as load:
        trial.wait_for(lambda: load.statuses[503] >= 50, "the door never said that Redis is full")
        before = len(load.accepted)
        trial.expect(gateway.metric("oncegate_pending") >= before, "accepted events do not wait")
        crm.open()
        load.wait_for_progress(100)  # beyond those that were posted in vain
    trial.note(f"{before} events filled it; 503 {load.statuses[503]} times")
    finish(trial, load)


def redis_replica(trial):
    """Redis becomes a read-only replica of nobody for some seconds, and a primary again."""
    prepare(trial)
    with trial.load() as load:
        for _ in range(trial.count(3, 1)):
            load.wait_for_progress(20)
            trial.moment(0, 0.8)
            refused = load.statuses[503]
            trial.redis.command_reply("REPLICAOF", "127.0.0.1", "1")
            time.sleep(3)
            trial.redis.command_reply("REPLICAOF", "NO", "ONE")
            trial.expect(load.statuses[503] > refused, "the door did not say 503 while Redis was read-only")
        load.wait_for_progress(20)
    finish(trial, load)


def redis_cut(trial):
    """Connections to Redis are cut in the middle of a reply, at random moments under load."""
    between = proxy.CuttingProxy(trial.network, trial.redis.socket, trial.options.seed)
    trial.redis_url = between.url
    prepare(trial)
    with trial.load() as load:
        for _ in range(trial.count(50, 10)):
            load.wait_for_progress(5)
            trial.moment(0, 0.4)
            before = between.cuts
            between.cut()
            trial.wait_for(lambda: between.cuts > before, "no reply came that could be cut")
        load.wait_for_progress(20)
    trial.note(f"{between.cuts} replies cut")
    finish(trial, load)


def redis_frozen(trial):
    """redis-server is frozen for five seconds and goes on as if nothing had been."""
    prepare(trial)
    with trial.load() as load:
        for _ in range(trial.count(3, 1)):
            load.wait_for_progress(20)
            trial.moment(0, 0.8)
            with trial.fault():  # as long as a lease outlasts an attempt
                trial.redis.pause()
                time.sleep(5)
                trial.redis.resume()
                load.wait_for_progress()
        load.wait_for_progress(20)
    finish(trial, load)
