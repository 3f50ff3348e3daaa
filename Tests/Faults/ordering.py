"""`ordering: subject`: one delivery of a subject at a time, in the order of acceptance, whatever fails meanwhile."""
import collections

import sinks
import traffic

SUBJECTS = 200
MOST_RATIO = 1.5  # of the whole time to the time that the slowest subject needs by itself


class OrderedLoad(traffic.Load):
    """Each worker sends the events of one subject, the next one when the one before is accepted."""

    async def work(self, worker, doors):
        each = self.total // SUBJECTS
        for sequence in range(each):
            await self.send(doors, worker * each + sequence, f"user_{worker}", sequence)


def ordering(trial):
    """Many subjects in order through two gateways to a destination that fails now and then; see --kill, too."""
    failing = sinks.sometimes(0.1, sinks.Reply(status=503, delay=0.1), trial.options.seed, sinks.Reply(delay=0.1))
    sink = trial.sink("ordered", failing, ordering="subject", concurrency=256, breaker={"failures": 1000000},
                      retry={"attempts": 100, "first": "200ms", "factor": 1, "jitter": 0})
    gateways = [trial.gateway("one"), trial.gateway("two")]
    total = SUBJECTS * trial.count(50, 10)
    with trial.load(kind=OrderedLoad, total=total, connections=SUBJECTS) as load:
        while trial.options.kill and not load.is_done:
            trial.moment(0.3, 1)
            trial.kill(trial.rolls.choice(gateways))
        trial.wait_for(lambda: load.is_done, "the door does not let all events in")
    trial.drain()
    by_subject = collections.defaultdict(list)
    for arrival in sink.arrivals:
        by_subject[arrival.subject].append(arrival)
    for subject, arrivals in by_subject.items():
        check_order(trial, subject, arrivals, total // SUBJECTS)
    whole = max(sink.delivered.values()) - load.started
    slowest = max(map(own_time, by_subject.values()))
    trial.note(f"{whole:.1f} s in all; the slowest subject needs {slowest:.1f} s by itself, ratio {whole / slowest:.2f}")
    trial.expect(whole <= MOST_RATIO * slowest, f"subjects wait for each other: ratio {whole / slowest:.2f}")
    trial.note(f"{len(sink.arrivals)} requests for {len(sink.delivered)} events, {len(trial.faults)} kills")
    trial.judge()


def check_order(trial, subject, arrivals, events):
    """Looks at the requests of one subject in the order in which they came."""
    delivered = [arrival.sequence for arrival in arrivals if arrival.is_delivered]
    trial.expect(delivered == sorted(delivered), f"{subject} out of order: {delivered}")
    trial.expect(set(delivered) == set(range(events)), f"{subject}: {len(set(delivered))} of {events} delivered")
    for earlier, later in zip(arrivals, arrivals[1:]):
        overlap = earlier.ended is None or later.began < earlier.ended
        trial.expect(not overlap, f"{subject}: {earlier.sequence} and {later.sequence} were open at once")
        jumped = later.sequence > earlier.sequence and not earlier.is_delivered
        trial.expect(not jumped, f"{subject}: {later.sequence} came although {earlier.sequence} was not delivered")


def own_time(arrivals):
    """What a subject's requests and the pauses before its repetitions take, one after the other."""
    pauses = [later.began - earlier.ended for earlier, later in zip(arrivals, arrivals[1:])
              if later.sequence == earlier.sequence]
    return sum(arrival.ended - arrival.began for arrival in arrivals) + sum(pauses)
