#!/usr/bin/env python3
"""Which kind of fault makes a run red?

Reads the lines of `guildhall sweep … --json=full` and prints, for each kind of fault, the share of
red seeds among those that have such a fault and among those that have none.
"""

import json
import sys


def share(seeds):
    """The share of red seeds, as text."""
    if not seeds:
        return "-"
    red = sum(seed["verdict"] == "violated" for seed in seeds)
    return f"{red / len(seeds):.3f} ({red} of {len(seeds)})"


def difference(seeds, kind):
    """How much more often a seed with this kind of fault is red."""
    means = []
    for has in (True, False):
        group = [seed for seed in seeds if (kind in seed["faults"]) == has]
        red = sum(seed["verdict"] == "violated" for seed in group)
        means.append(red / len(group) if group else 0.0)
    return means[0] - means[1]


def main():
    lines = (json.loads(line) for line in sys.stdin)
    seeds = [line for line in lines if line["type"] == "seed"]
    if not all("faults" in seed for seed in seeds):
        sys.exit("error: the lines have no faults: sweep with --json=full")
    kinds = {kind for seed in seeds for kind in seed["faults"]}
    print(f"{'fault':<24}{'with it':<24}without it")
    for kind in sorted(kinds, key=lambda kind: (-difference(seeds, kind), kind)):
        with_it = [seed for seed in seeds if kind in seed["faults"]]
        without = [seed for seed in seeds if kind not in seed["faults"]]
        print(f"{kind:<24}{share(with_it):<24}{share(without)}")


if __name__ == "__main__":
    main()
