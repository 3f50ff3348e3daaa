#!/usr/bin/env python3
"""Measures Oncegate beside what people write instead, on this machine, and prints tables of medians.

Each comparison is a series of rounds in which its contestants take turns, each with a Redis and a destination of its
own, under the same signed load. Nothing is judged by its speed. The exit status is 1 if an event is not answered with
2xx, or what was answered did not arrive once.
"""
import argparse
import os
import pathlib
import signal
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "Faults"))  # stage.py and gateway.py

import comparisons
import stage


def main():
    """Runs what is asked for."""
    named = {each.__name__.replace("_", "-"): each for each in comparisons.ALL}
    described = "\n".join(f"  {name:<10} {each.__doc__.splitlines()[0]}" for name, each in named.items())
    parser = argparse.ArgumentParser(description=__doc__, epilog=f"comparisons:\n{described}",
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("comparison", nargs="*", help="what to compare; everything if nothing is named")
    parser.add_argument("--binary", type=os.path.abspath, required=True, help="the oncegate program, built for release")
    parser.add_argument("--redis-server", default="redis-server", help="the redis-server program")
    parser.add_argument("--rounds", type=int, default=5, help="how often each contestant has its turn")
    parser.add_argument("--seconds", type=int, default=6, help="how long a load lasts")
    parser.add_argument("--quick", action="store_true", help="one short round: whether it all works, and no figures")
    options = parser.parse_args()
    if unknown := set(options.comparison) - set(named):
        parser.error(f"there is no comparison {', '.join(sorted(unknown))}")
    options.scale = 20 if options.quick else 1000
    if options.quick:
        options.rounds, options.seconds = 1, 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is ended on the way out
    for name in options.comparison or named:
        print(f"{name}:", flush=True)
        try:
            for paragraph in named[name](options):
                print(f"\n{paragraph}", flush=True)
        except stage.Failure as failure:
            sys.exit(f"{name}: {failure}")
        print()


if __name__ == "__main__":
    main()
