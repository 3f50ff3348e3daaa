"""Three gateways, of which one is killed each second, and five destinations, of which one is dead and one slow.

Everything that is accepted must reach the four living destinations, and wait for the dead one. The three healthy ones
must not notice the other two: the same is run without those, with the same kills, and both once more without kills.
"""
import random
import time

import sinks
import trial

HEALTHY = ["email", "crm", "analytics"]
NOISE = 0.005  # seconds; below that a p99 says more of this machine than of the gateway
MOST_RATIO = 2


def three_gateways(options):
    """Three gateways, one of them killed each second; one destination of five dead, one slow."""
    percentiles = {}
    for kills in (True, False):
        for company in (True, False):
            name = f"three-gateways, {'all five' if company else 'healthy only'}, {'kills' if kills else 'no kills'}"
            row = trial.run(options, name, one_round, company, kills, percentiles)
            if not company and (kills, True) in percentiles and (kills, False) in percentiles:
                compare(row, percentiles[kills, True], percentiles[kills, False])
            yield row


def compare(row, among_five, alone):
    """Judges how much later events arrive at healthy destinations because others are not."""
    ratio = among_five / alone
    row.notes.append(f"p99 of the healthy: {among_five:.3f} s among all five, {alone:.3f} s alone, ratio {ratio:.2f}")
    if among_five > MOST_RATIO * max(alone, NOISE):
        row.complaints.append(f"the dead and the slow destination delay the others: ratio {ratio:.2f}")


def one_round(cast, company, kills, percentiles):
    """One load, with or without the dead and the slow destination, with or without kills."""
    for name in HEALTHY:
        cast.sink(name)
    if company:
        cast.sink_apart("slow", sinks.Reply(delay=2), timeout="5s", concurrency=128)
        cast.sink("dead", breaker={"failures": 20, "probe": "10s", "probe_max": "60s"}).refuse()
    gateways = [cast.gateway(name) for name in ("one", "two", "three")]
    moments = random.Random(cast.options.seed)
    with cast.load(cast.options.rate or 400, total=cast.count(20000, 2000), connections=64) as load:
        while not load.is_done:
            time.sleep(moments.uniform(0.5, 1))  # the moment is the test; a start takes the rest of the second
            if kills:
                cast.kill(moments.choice(gateways))
    living = HEALTHY + ["slow"] * company
    cast.drain(living)
    if company:
        waiting, given_up = cast.pending("dead"), gateways[0].metric("oncegate_dead_letters", destination="dead")
        cast.expect(waiting == len(cast.accepted), f"{waiting:.0f} of {len(cast.accepted)} wait for the dead one")
        cast.expect(given_up == 0, f"{given_up:.0f} deliveries to the dead one were given up")
        cast.note(f"{waiting:.0f} wait for the dead one; {len(cast.sinks['slow'].arrivals)} requests to the slow one")
    cast.note(f"{len(load.accepted) / (max(load.accepted.values()) - load.started):.0f} events/s, {len(cast.faults)} kills")
    delays = sorted(first_arrivals(cast))
    median, percentiles[kills, company] = (delays[int(part * len(delays))] for part in (0.5, 0.99))
    cast.note(f"from 2xx to arrival at the healthy: p50 {median:.3f} s, p99 {percentiles[kills, company]:.3f} s")
    cast.judge(may_lack={"dead"})


def first_arrivals(cast):
    """How long after its 2xx each event came to each healthy destination first; at once if it was there before."""
    accepted = cast.accepted
    for name in HEALTHY:
        first = {}
        for arrival in cast.sinks[name].arrivals:
            first.setdefault(arrival.id, arrival.began)
        yield from (max(0.001, first[each] - at) for each, at in accepted.items() if each in first)
