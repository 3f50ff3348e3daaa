"""A fresh Redis and a destination for one gateway or several, and the two ways in which a load on them is measured."""
import contextlib
import time

import contestants
import cpu
import figures
import stage
import wrk

WARM_UP = 2  # seconds of the same load before that which counts


class Scene(stage.Stage):
    """A Redis whose append-only file is synced every second, and a destination that answers at once."""

    def __init__(self, options):
        super().__init__()
        self.options, self.doors, self.sink = options, [], None

    def __enter__(self):
        super().__enter__()
        try:
            self.redis = stage.Redis(self, self.options.redis_server, *stage.free_ports(1), fsync="everysec").start()
            self.sink = contestants.Sink(self)
            self.sink.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception):
        for each in filter(None, [*self.doors, self.sink]):
            if each.is_running:
                each.stop()  # and not only ended: nginx ends its workers
        return super().__exit__(*exception)

    def add(self, door):
        """Starts a gateway; returns it."""
        self.doors.append(door)
        return door.start()

    def oncegate(self, routes, **settings):
        """Adds an Oncegate that sends events of some types to a destination each: pairs of pattern and address."""
        name = f"oncegate-{len(self.doors)}"
        return self.add(contestants.oncegate(self, self.redis, self.options.binary, name, routes, **settings))

    def go(self, mode):
        """Adds the Go program, in one of its modes."""
        return self.add(contestants.Go(self, self.redis, self.sink, mode))

    def nginx_and_lua(self):
        """Adds nginx with Lua."""
        return self.add(contestants.nginx_and_lua(self, self.redis))

    def load(self, seconds):
        """Puts the load on all doors at once; returns the answers of each."""
        with contextlib.ExitStack() as stack:
            loads = [stack.enter_context(wrk.Load(each.port, seconds)) for each in self.doors]
            return [each.answers() for each in loads]

    def cpu_seconds(self):
        """CPU time of the gateways and of Redis."""
        return cpu.seconds(*(each.process.pid for each in self.doors)), cpu.seconds(self.redis.process.pid)

    def warm_up(self):
        """Has everything met once: connections are open, buffers have grown."""
        self.load(WARM_UP)
        self.sink.drained()

    def measure_answers(self):
        """Events that are answered in the time of the load."""
        self.warm_up()
        before = self.cpu_seconds()
        answers = self.load(self.options.seconds)
        after = self.cpu_seconds()
        count, rate = sum(each.count for each in answers), sum(each.rate for each in answers)
        return self.figures(count, rate, before, after, answers)

    def measure_deliveries(self):
        """Events that are answered and delivered, from the start of the load until the last of them has arrived."""
        self.warm_up()
        count, before, began = self.sink.count(), self.cpu_seconds(), time.monotonic()
        answers = self.load(self.options.seconds)
        answered = sum(each.count for each in answers)
        total, ended = self.sink.drained(count + answered)
        arrived = total - count
        # What is under way when wrk ends is accepted, and nobody has read the answer.
        if not answered <= arrived <= answered + wrk.CONNECTIONS * len(self.doors):
            raise stage.Failure(f"{answered} events were answered and {arrived} arrived")
        return self.figures(arrived, arrived / (ended - began), before, self.cpu_seconds(), answers)

    def figures(self, events, rate, before, after, answers):
        """The figures of one round."""
        gateway, redis = ((now - then) * 1e6 / events for now, then in zip(after, before))
        p50, p99 = max(each.p50 for each in answers), max(each.p99 for each in answers)
        return figures.Figures(rate, gateway, redis, p50, p99)
