"""One run of a scenario: a private Redis, sinks, gateways and a load, put together and judged at the end."""
import contextlib
import random
import shutil
import time
import traceback

import apart
import gateway
import network
import sinks
import stage
import traffic
import verdict

DEADLINE = 90  # seconds in which one of the deliveries that wait must be settled
# Short, so that what a fault has cut off is soon repeated: a lease outlasts the timeout by five seconds.
DESTINATION = {
    "timeout": "1s",
    "retry": {"attempts": 100, "first": "500ms", "factor": 1, "max": "1s", "jitter": 0},
    "breaker": {"failures": 20, "probe": "500ms", "probe_max": "1s"},
}


def run(options, name, scenario, *arguments):
    """Runs one scenario in a trial of its own; returns its row, whatever happens."""
    with Trial(options, name) as cast:
        try:
            scenario(cast, *arguments)
        except Exception as error:
            cast.row.complaints.append(str(error) if isinstance(error, stage.Failure) else traceback.format_exc())
        cast.row.seconds = time.monotonic() - cast.began
        if options.logs and not cast.row.is_good:
            cast.keep_logs(options.logs / name)
        return cast.row


class Trial:
    """The cast of a scenario, as a context that ends all of it."""

    def __init__(self, options, scenario):
        self.options, self.row = options, verdict.Row(scenario)
        self.rolls = random.Random(f"{options.seed} {scenario}")
        self.stage, self.network = stage.Stage(), network.Network()
        self.settings, self.sinks, self.gateways, self.faults, self.traffic = {}, {}, [], [], None

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.stage)
            stack.enter_context(self.network)
            self.closing = stack.pop_all()
        self.began = time.monotonic()
        self.redis = stage.Redis(self.stage, self.options.redis_server).start()
        self.redis_url = self.redis.url
        return self

    def __exit__(self, *exception):
        return self.closing.__exit__(*exception)

    def keep_logs(self, folder):
        """Copies what all processes have written to another folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for file in self.stage.folder.glob("*.log"):
            shutil.copy(file, folder)

    def count(self, full, quick):
        """A number of repetitions: fewer of them with --quick."""
        return quick if self.options.quick else full

    def sink(self, name, behaviour=sinks.OK, **settings):
        """A destination that gets everything."""
        self.settings[name] = DESTINATION | settings
        self.sinks[name] = sinks.Sink(self.network, name, behaviour)
        return self.sinks[name]

    def sink_apart(self, name, behaviour, **settings):
        """The same in a process of its own, for one that is busy while others are timed."""
        self.settings[name] = DESTINATION | settings
        self.sinks[name] = apart.SinkApart(name, behaviour)
        self.at_the_end(self.sinks[name].end)
        return self.sinks[name]

    def gateway(self, name="gateway", wrapper=(), environment=(), tolerance="5m", **changes):
        """A gateway that is ready, with all sinks there are as its destinations."""
        source = {"path": traffic.PATH, "scheme": "svix", "secrets": [traffic.SECRET], "tolerance": tolerance}
        configuration = {
            "redis": {"url": self.redis_url},
            "sources": {"clerk": source},
            "destinations": {each.name: {"url": each.url} | self.settings[each.name] for each in self.sinks.values()},
            "routes": [{"events": ["**"], "to": list(self.sinks)}],
        }
        command = [*wrapper, self.options.binary]
        self.gateways.append(gateway.Gateway(self.stage, command, name, configuration | changes, environment).start())
        return self.gateways[-1]

    def load(self, rate=50, kind=traffic.Load, **settings):
        """The load on all gateways; it starts when it is entered."""
        self.traffic = kind(self.network, [each.port for each in self.gateways], rate, **settings)
        return self.traffic

    @property
    def accepted(self):
        """The ids that were answered with 2xx, each with the time of that."""
        return dict(self.traffic.accepted)

    def moment(self, shortest, longest):
        """Lets a random time pass: the moment is the test."""
        time.sleep(self.rolls.uniform(shortest, longest))

    def at_the_end(self, function, *arguments):
        """Has something tidied up when the trial is over, however it ends."""
        self.closing.callback(function, *arguments)

    @contextlib.contextmanager
    def fault(self):
        """Takes note of when a fault began and ended that makes outcomes unknowable."""
        begin = time.monotonic()
        yield
        self.faults.append((begin, time.monotonic()))

    def kill(self, victim):
        """Kills a gateway and starts it again."""
        with self.fault():
            victim.kill()
            victim.start()

    def expect(self, truth, complaint):
        """Takes note of a check of the scenario's own that has failed."""
        if not truth:
            self.row.complaints.append(complaint)

    def note(self, text):
        """Adds a line below the table."""
        self.row.notes.append(text)

    def pending(self, destination):
        """How many deliveries to a destination wait, as a gateway says; None if it does not answer."""
        return self.gateways[0].metric("oncegate_pending", destination=destination)

    def wait_for(self, condition, complaint):
        """Waits until `condition()` is true; without it the scenario cannot go on."""
        if not stage.wait_until(condition, DEADLINE):
            raise stage.Failure(complaint)

    def drain(self, names=None):
        """Waits until all that was accepted is delivered and recorded, for as long as it becomes less."""
        def left():
            missing = [len(self.accepted.keys() - dict(each.delivered).keys()) for each in waiting]
            return missing, [self.pending(each.name) for each in waiting]

        waiting = [self.sinks[name] for name in names or self.sinks]
        nothing, before, now = [0] * len(waiting), None, left()
        while now not in ((nothing, nothing), before):
            before = now
            stage.wait_until(lambda: left() != before, DEADLINE, pause=0.25)
            now = left()
        self.expect(now[1] == nothing, f"deliveries still wait: {now[1]} to {[each.name for each in waiting]}")

    def judge(self, settled_otherwise=None, may_lack=()):
        """Fills the row in: from what the senders, the sinks and the gateways' logs say."""
        for each in self.gateways:
            self.expect(each.is_running, f"{each.name} has ended by itself: {each.log[-500:]}")
            status = each.stop()
            self.expect(status == 0, f"{each.name}: status {status} after SIGTERM")
        records, row = verdict.Records(self.gateways), self.row
        row.accepted = len(self.accepted)
        self.expect(records.delivered, "the logs tell of no delivery: nothing can be judged by them")
        load = self.traffic
        self.expect(not load.unaccepted, f"never accepted: {load.unaccepted[:3]} of {len(load.unaccepted)}")
        self.expect(set(load.statuses) <= {0, 200, 202, 503}, f"the door's answers: {dict(load.statuses)}")
        self.expect(202 not in load.copies, f"accepted once more after a 2xx: {load.copies[202]} events")
        for sink in self.sinks.values():
            verdict.count_repetitions(row, sink, records, self.faults)
            if sink.name not in may_lack:
                verdict.count_lost(row, sink, self.accepted, (settled_otherwise or {}).get(sink.name, frozenset()))
        answers = [f"{load.statuses[n]} × {n or 'nothing'}" for n in (202, 200, 503, 0) if load.statuses[n]]
        self.note("posts answered " + ", ".join(answers))
