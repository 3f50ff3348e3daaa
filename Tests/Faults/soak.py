"""A steady load for minutes: when history has reached its bound, neither Redis nor the gateway may grow."""
import statistics
import time

SAMPLE = 5  # seconds
WARM_UP = 180  # seconds; history and claims last for one minute
MOST_GROWTH = 0.05  # of the mean, over the time that is looked at


def soak(trial):
    """A steady load for minutes: neither Redis nor the gateway may grow."""
    trial.sink("email")
    trial.sink("crm")
    gateway = trial.gateway(retention={"time": "1m", "events": 100000}, idempotency={"window": "1m"})
    samples, seconds = [], trial.options.minutes * 60
    with trial.load(trial.options.rate or 200) as load:
        while (now := time.monotonic() - load.started) < seconds:
            samples.append((now, trial.redis.used_memory(), gateway.resident_bytes()))
            time.sleep(SAMPLE - (time.monotonic() - load.started) % SAMPLE)
    trial.note(f"{len(load.accepted) / seconds:.0f} events/s for {trial.options.minutes:g} minutes")
    rest = [sample for sample in samples if sample[0] >= min(WARM_UP, seconds / 2)]
    times = [sample[0] for sample in rest]
    for name, values in (("used_memory of Redis", [sample[1] for sample in rest]),
                         ("RSS of the gateway", [sample[2] for sample in rest])):
        growth = statistics.linear_regression(times, values).slope * (times[-1] - times[0]) / statistics.mean(values)
        low, middle, high = (value / 2**20 for value in (min(values), statistics.median(values), max(values)))
        trial.note(f"{name}: {low:.2f}, {middle:.2f}, {high:.2f} MiB (least, median, most); trend {growth:+.1%}")
        trial.expect(growth < MOST_GROWTH, f"{name} grows by {growth:.1%} in {times[-1] - times[0]:.0f} s")
    trial.drain()
    trial.judge()
