"""Training speed beside the peers': `python bench/compare.py`.

Every peer trains the same network on the same data in a process of its own, with one thread and with as many as it
chooses. First all must reach the same loss after one epoch over the same batches. Then they take turns, round by round,
shuffling by themselves; the ratio is our best setting's speed over that of the fastest peer, setting by setting, of the
same round.
"""

import argparse
import json
import platform
import sys
from contextlib import ExitStack
from importlib.util import find_spec
from statistics import median
from time import sleep

import numpy as np
from configurations import CONFIGURATIONS, Configuration
from contestants import Contestant
from interleaved import Rounds, spread, turn
from peers import PEERS
from yardstick import fork_join_seconds, peak

from fastnn._core import targets, threads

SETTINGS = (1, None)  # threads; None: the library's own choice
TOLERANCE = 1e-3  # relative, of the losses after one epoch: see Configuration.epsilon
SETTLE_SECONDS = 0.02  # for the threads of who was last to fall asleep


def check(contestants: list[Contestant]) -> dict[str, float]:
    """Every contestant's loss after the same epoch; raises where one is apart."""
    losses = {contestant.name: contestant.check() for contestant in contestants}
    middle = median(losses.values())
    apart = {name: loss for name, loss in losses.items() if not abs(loss - middle) <= TOLERANCE * abs(middle)}
    if apart:
        raise SystemExit(f"not the same work: losses after one epoch are {losses}")
    return losses


def take_turns(contestants: list[Contestant], rounds: int, epochs: int) -> tuple[Rounds, list[float], list[float]]:
    """Seconds of everybody's `epochs` epochs in each round, with the machine's state beside: a core's peak in FLOP a
    second, and the seconds of an empty parallel region."""
    by_name = {contestant.name: contestant for contestant in contestants}
    names = list(by_name)
    table = np.empty((rounds, len(names)))
    peaks, fork_joins = [], []
    for number in range(rounds):
        peaks.append(peak("float32"))
        fork_joins.append(fork_join_seconds())
        for name in turn(names, number):
            sleep(SETTLE_SECONDS)
            table[number, names.index(name)] = by_name[name].train(epochs)
    return Rounds(names, table), peaks, fork_joins


def summarize(contestants: list[Contestant], made: Rounds, rows: int) -> dict:
    """Rows a second of each contestant, and our best setting over the fastest peer of each round."""
    summary = {"rows_a_second": {name: made.rate(name, rows)._asdict() for name in made.names}}
    ours = [contestant.name for contestant in contestants if contestant.peer == "fastnn"]
    others = [contestant.name for contestant in contestants if contestant.peer != "fastnn"]
    if ours and others:
        best = min(ours, key=lambda name: np.median(made.of(name)))
        fastest_peer = np.min([made.of(name) for name in others], axis=0)
        ratio = spread(fastest_peer / made.of(best))
        summary |= {"ours": best, "over_best_peer": ratio._asdict()}
    return summary


def compare(configuration: Configuration, peers: list[str], rounds: int, epochs: int) -> dict:
    with ExitStack() as stack:
        contestants = [
            stack.enter_context(Contestant(peer, configuration.name, count)) for peer in peers for count in SETTINGS
        ]
        versions = {contestant.name: contestant.version() for contestant in contestants}
        losses = check(contestants)
        for contestant in contestants:  # what is compiled or allocated at first is no part of the work
            contestant.train(1)
        made, peaks, fork_joins = take_turns(contestants, rounds, epochs)
        summary = summarize(contestants, made, configuration.rows * epochs)
        if "ours" in summary:
            alone = next(one.threads for one in contestants if one.name == summary["ours"])
            cores = alone or threads.default_threads()
            reached = configuration.flop() * epochs / made.of(summary["ours"]) / (np.array(peaks) * cores)
            summary["fraction_of_peak"] = spread(reached)._asdict()
    return {
        "configuration": configuration._asdict(),
        "versions": versions,
        "losses": losses,
        "seconds": {name: made.of(name).tolist() for name in made.names},
        "epochs": epochs,
        "peak_gflops": [value / 1e9 for value in peaks],
        "fork_join_us": [value * 1e6 for value in fork_joins],
        **summary,
    }


def show(result: dict) -> None:
    configuration, losses = result["configuration"], result["losses"]
    print(f"\n{configuration['name']}: {configuration['rows']} rows, {result['epochs']} epoch(s) a round")
    print(f"{'':44} {'rows/s':>12} {'quartiles':>25}  {'loss, 1 epoch':>13}")
    for name, rate in sorted(result["rows_a_second"].items(), key=lambda item: -item[1]["median"]):
        quartiles = f"[{rate['low']:,.0f}, {rate['high']:,.0f}]"
        print(f"{name:44} {rate['median']:12,.0f} {quartiles:>25}  {losses[name]:13.5f}  {result['versions'][name]}")
    if "ours" in result:
        ratio, reached = result["over_best_peer"], result["fraction_of_peak"]
        print(
            f"{result['ours']} over the fastest peer of each round: {ratio['median']:.2f} "
            f"[{ratio['low']:.2f}, {ratio['high']:.2f}]; {reached['median']:.0%} of the peak of the cores it uses"
        )
    print(
        f"machine: peak {median(result['peak_gflops']):.0f} GFLOP/s a core; an empty parallel region takes "
        f"{median(result['fork_join_us']):.2f} us (from {min(result['fork_join_us']):.2f} to "
        f"{max(result['fork_join_us']):.2f})"
    )


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--configurations", nargs="+", choices=CONFIGURATIONS, default=list(CONFIGURATIONS))
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--rounds", type=int, default=15, help="default: %(default)s")
    parser.add_argument("--epochs", type=int, default=5, help="of each peer in a round (default: %(default)s)")
    parser.add_argument("--json", metavar="FILE", help="write everything, each round's seconds included, to FILE")
    options = parser.parse_args(arguments)
    if min(options.rounds, options.epochs) < 1:
        parser.error("expected --rounds and --epochs of at least 1")

    peers = [peer for peer in options.peers if find_spec(PEERS[peer].package)]
    for peer in set(options.peers) - set(peers):
        print(f"{PEERS[peer].label}: not installed, left out")
    print(f"CPU target {targets.active_name()}; threads by default: {threads.explain()}")
    results = []
    for name in options.configurations:
        results.append(compare(CONFIGURATIONS[name], peers, options.rounds, options.epochs))
        show(results[-1])
    if options.json:
        machine = {"platform": platform.platform(), "python": sys.version, "target": targets.active_name()}
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"machine": machine, "results": results}, file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
