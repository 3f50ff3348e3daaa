"""Faults of one destination: it must get everything once it works again, and a second one must not notice."""
import itertools

import sinks
import stage


def beside_a_healthy_one(trial, behaviour, calm=sinks.OK, events=(300, 60), **settings):
    """A load on a destination that misbehaves at first, and on a healthy one that must have everything meanwhile."""
    faulty = trial.sink("faulty", behaviour or sinks.OK, **settings)
    healthy = trial.sink("healthy")
    trial.gateway()
    if behaviour is None:
        faulty.refuse()
    with trial.load(total=trial.count(*events)) as load:
        trial.wait_for(lambda: load.is_done, "the door does not let all events in")
    unaffected = stage.wait_until(lambda: trial.accepted.keys() <= dict(healthy.delivered).keys(), 60)
    trial.expect(unaffected, f"the healthy one got {len(healthy.delivered)} of {len(trial.accepted)}")
    delays = sorted(healthy.delivered[each] - at for each, at in trial.accepted.items() if each in healthy.delivered)
    trial.note(f"the healthy one had each event {delays[-1] * 1000:.0f} ms after its 2xx at the latest")
    trial.expect(delays[-1] < 5, f"the healthy one waited {delays[-1]:.1f} s for an event")
    answers = {arrival.answer for arrival in healthy.arrivals}
    trial.expect(len(healthy.arrivals) == len(healthy.delivered), f"the healthy one was asked again: {answers}")
    if behaviour is None:
        faulty.open()
    faulty.behaviour = calm
    trial.drain()
    trial.note(f"{len(faulty.arrivals)} requests for {len(faulty.delivered)} events")
    trial.judge()


def destination_refuses(trial):
    """Nothing listens at the destination while events come in."""
    beside_a_healthy_one(trial, None)


def destination_hangs(trial):
    """The destination takes requests and never answers while events come in."""
    beside_a_healthy_one(trial, sinks.Reply("hang"))


def destination_garbage(trial):
    """The destination answers with bytes that are no HTTP while events come in."""
    beside_a_healthy_one(trial, sinks.Reply("garbage"))


def destination_endless(trial):
    """The destination says 200 with a body that does not end: a status counts once its headers are complete."""
    endless = sinks.Reply("endless")
    beside_a_healthy_one(trial, endless, calm=endless)


def destination_closes(trial):
    """The destination ends the connection after the request, for the first half of the requests."""
    half, numbers = trial.count(150, 30), itertools.count()
    beside_a_healthy_one(
        trial, lambda arrival: sinks.Reply("close") if next(numbers) < half else sinks.OK)


def destination_slow(trial):
    """The destination takes half a minute to answer the first events, which is within its timeout."""
    slow, numbers = sinks.Reply(delay=trial.count(30, 3)), itertools.count()
    behaviour = lambda arrival: slow if next(numbers) < 5 else sinks.OK
    beside_a_healthy_one(trial, behaviour, calm=sinks.OK, timeout="35s")
