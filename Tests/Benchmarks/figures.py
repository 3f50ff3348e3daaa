"""What is measured, round by round, and the medians of it."""
import statistics
from typing import NamedTuple


class Figures(NamedTuple):
    """One contestant in one round.

    Events a second, CPU time of the gateways and of Redis in microseconds an event, latencies in milliseconds.
    """
    rate: float
    gateway: float
    redis: float
    p50: float
    p99: float

    @property
    def cpu(self):
        """CPU time of gateways and Redis together."""
        return self.gateway + self.redis

    def __str__(self):
        return (f"{self.rate:9,.0f}/s   CPU gateway {self.gateway:6.1f} µs, Redis {self.redis:6.1f} µs   "
                f"p50 {self.p50:.2f} ms, p99 {self.p99:.2f} ms")


class Series:
    """Rounds in which the contestants take turns: only those compare, for the speed of a machine changes."""

    def __init__(self, title, rounds, contestants):
        self.title, self.rounds = title, {name: [] for name in contestants}
        for number in range(rounds):
            for name, measure in contestants.items():
                self.rounds[name].append(measure())
                print(f"  {number + 1}. {name:<32} {self.rounds[name][-1]}", flush=True)

    def table(self):
        """The medians, in Markdown."""
        lines = [f"| {self.title} | a second | gateway CPU | Redis CPU | p50 | p99 |",
                 "| --- | ---: | ---: | ---: | ---: | ---: |"]
        for name, rounds in self.rounds.items():
            median = Figures(*map(statistics.median, zip(*rounds)))
            lines.append(f"| {name} | {median.rate:,.0f} | {median.gateway:.0f} µs | {median.redis:.0f} µs "
                         f"| {median.p50:.2f} ms | {median.p99:.2f} ms |")
        return "\n".join(lines)

    def ratio(self, one, other, field="rate"):
        """One contestant by another, by pairs of rounds: the median, the least and the most."""
        ratios = sorted(getattr(mine, field) / getattr(theirs, field)
                        for mine, theirs in zip(self.rounds[one], self.rounds[other]))
        what = "" if field == "rate" else f", {field} time"
        return f"{one} / {other}{what}: {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
