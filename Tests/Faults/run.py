#!/usr/bin/env python3
"""Breaks everything around a gateway, and the gateway itself, and counts what that cost.

Each scenario starts a private Redis, gateways and destinations on this machine, puts a load on them, breaks something,
lets everything arrive, and adds a row to the table: events accepted, deliveries lost, events that a destination had
more than once, and those of them whose outcome was unknowable (verdict.py says when it is). The exit status is 1 if
anything is lost, anything unexplained came twice, or a check of a scenario's own failed.
"""
import argparse
import os
import pathlib
import random
import signal
import sys

import destination_faults
import gateway_faults
import redis_faults
import ordering
import slow_senders
import soak
import three_gateways
import trial
import verdict

MATRIX = [
    gateway_faults.kill_gateway, gateway_faults.pause_gateway, gateway_faults.clock_shift,
    gateway_faults.hold,
    redis_faults.redis_kill, redis_faults.redis_restart, redis_faults.redis_full, redis_faults.redis_replica,
    redis_faults.redis_cut, redis_faults.redis_frozen,
    destination_faults.destination_refuses, destination_faults.destination_hangs,
    destination_faults.destination_garbage, destination_faults.destination_endless,
    destination_faults.destination_closes, destination_faults.destination_slow,
    slow_senders.slow_senders,
]
LONG = [three_gateways.three_gateways, soak.soak, ordering.ordering]


def name_of(scenario):
    """The name of a scenario on the command line."""
    return scenario.__name__.replace("_", "-")


def rows_of(options, scenario):
    """Runs one scenario; gives its row, or its rows."""
    if scenario is three_gateways.three_gateways:
        yield from scenario(options)
    else:
        yield trial.run(options, name_of(scenario), scenario)


def main():
    """Runs what is asked for and prints the table."""
    scenarios = {name_of(each): each for each in MATRIX + LONG}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", nargs="*", help="what to run; everything but the long runs if nothing is named")
    parser.add_argument("--list", action="store_true", help="say what there is, and end")
    parser.add_argument("--binary", type=os.path.abspath, help="the oncegate program")
    parser.add_argument("--redis-server", default="redis-server", help="the redis-server program")
    parser.add_argument("--quick", action="store_true", help="the same with fewer faults and events")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="of all random moments")
    parser.add_argument("--rate", type=float, help="events/s of the long runs")
    parser.add_argument("--minutes", type=float, default=10, help="how long `soak` takes")
    parser.add_argument("--kill", action="store_true", help="have gateways killed during `ordering`")
    parser.add_argument("--logs", metavar="FOLDER", type=pathlib.Path, help="keep the logs of what fails there")
    parser.add_argument("--markdown", metavar="FILE", help="write the table there as well")
    options = parser.parse_args()
    if options.list:
        for name, scenario in scenarios.items():
            print(f"{name:<20} {scenario.__doc__.splitlines()[0]}")
        return
    if unknown := set(options.scenario) - set(scenarios):
        parser.error(f"there is no scenario {', '.join(sorted(unknown))}; --list says what there is")
    if not options.binary:
        parser.error("--binary is needed")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is ended on the way out
    print(f"seed {options.seed}", flush=True)
    rows = []
    for scenario in [scenarios[name] for name in options.scenario] or MATRIX:
        for row in rows_of(options, scenario):
            rows.append(row)
            print(f"{'ok  ' if row.is_good else 'FAIL'}  {row.scenario}  ({row.seconds:.0f} s)")
            for line in row.notes + row.complaints:
                print("        " + line.replace("\n", "\n        "))
            sys.stdout.flush()
    print("\n" + verdict.as_text(rows))
    if options.markdown:
        with open(options.markdown, "w", encoding="utf-8") as file:
            file.write(verdict.as_markdown(rows) + "\n")
    sys.exit(any(not row.is_good for row in rows))


if __name__ == "__main__":
    main()
