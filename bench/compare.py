"""Training speed beside the peers': `python bench/compare.py`.

Every peer trains the same network on the same data in processes of its own: with one thread and with all, pinned to
cores and not. First all must reach the same loss after one epoch over the same batches. Then they take turns, round by
round, shuffling by themselves; the ratio is the speed of our fastest setting over that of the fastest peer in any of
its settings, of the same round. A second ratio is that of the defaults: all threads, unpinned.
"""

import sys
from contextlib import ExitStack

from command import parser_of, say_machine, write_json
from configurations import CONFIGURATIONS, QUICK, Configuration
from contest import MOST_ROUNDS, brief, check, cores_of, fractions, ratio, start, summarize, take_turns, turn_to
from contestants import Contestant
from interleaved import spread
from peers import DEFAULTS, PEERS, SETTINGS, Setting

QUICK_PEERS = ("fastnn", "torch", "jax", "sklearn")
QUICK_SETTINGS = (Setting(1, True), DEFAULTS)
QUICK_ROUNDS, QUICK_SECONDS = 5, 0.05


def compare(
    configuration: Configuration,
    contestants: list[Contestant],
    rounds: int,
    seconds: float,
    near: int = 0,
    ours: str = "fastnn",
) -> dict:
    """One configuration: checked, then timed; `ours` is the peer that the ratios are of."""
    able = turn_to(configuration, contestants)
    losses = check(configuration, able)
    made, machine = take_turns({one.name: one.train for one in able}, rounds, seconds, configuration.dtype, near)
    mine = [one.name for one in able if one.peer == ours]
    result = {
        "configuration": configuration._asdict(),
        "versions": {one.name: one.version() for one in able},
        "peers": {one.name: one.peer for one in able},
        "losses": losses,
        "fractions": fractions(made, machine, {one.name: cores_of(one.setting) for one in able}, configuration.flop()),
        **summarize(made, machine, mine, configuration.rows),
    }
    defaults = [one.name for one in able if one.setting == DEFAULTS]
    sides = [name for name in defaults if name in mine], [name for name in defaults if name not in mine]
    if all(sides):
        result["ratio_of_defaults"] = spread(ratio(made, *sides))._asdict()
    show(result, machine)
    return result


def show(result: dict, machine) -> None:
    """Everybody's figures in one configuration."""
    print(f"\n{result['configuration']['name']}")
    print(f"{'':40} {'rows/s, quartiles':>38} {'of the peak':>12}  {'loss, 1 epoch':>13}")
    for name, rate in sorted(result["rows_a_second"].items(), key=lambda item: -item[1]["median"]):
        reached, loss = result["fractions"][name]["median"], result["losses"][name]
        print(f"{name:40} {brief(rate, ',.0f'):>38} {reached:12.1%}  {loss:13.5f}  {result['versions'][name]}")
    print(machine)


def closing_table(results: list[dict]) -> None:
    columns = "{:52} {:>24} {:>24} {:>24} {:>24} {:>12}  {}"
    print("\nours over the fastest peer of each round: median [quartiles]")
    print(columns.format("", "all rounds", "cores near", "cores far", "defaults", "of the peak", "the fastest of each"))
    for result in results:
        if "ratio" in result:
            kinds = ("ratio", "ratio_near", "ratio_far", "ratio_of_defaults")
            cells = [brief(result.get(kind)) for kind in kinds]
            reached = result["fractions"][result["ours"]]["median"]
            names = f"{result['ours']}; {result['best_peer']}"
            print(columns.format(result["configuration"]["name"], *cells, f"{reached:.1%}", names))


def main(arguments=None) -> int:
    parser = parser_of(__doc__, rounds=15)
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=CONFIGURATIONS, help=f"of {list(CONFIGURATIONS)}")
    parser.add_argument("--peers", nargs="+", choices=PEERS, help="default: all that are installed")
    parser.add_argument(
        "--near",
        type=int,
        default=0,
        metavar="ROUNDS",
        help=f"go on, up to {MOST_ROUNDS} times --rounds, until cores were near each other in so many",
    )
    parser.add_argument("--quick", action="store_true", help=f"{len(QUICK)} configurations, under 3 minutes")
    parser.add_argument("--picture", metavar="FILE", help="draw the ratios and the fractions of the peak into FILE")
    options = parser.parse_args(arguments)
    names = options.only or (QUICK if options.quick else list(CONFIGURATIONS))
    peers = options.peers or (QUICK_PEERS if options.quick else list(PEERS))
    rounds, seconds = options.rounds, options.seconds
    if options.quick:
        rounds, seconds = min(rounds, QUICK_ROUNDS), min(seconds, QUICK_SECONDS)
    say_machine()
    with ExitStack() as stack:
        contestants = start(stack, peers, QUICK_SETTINGS if options.quick else SETTINGS)
        results = [compare(CONFIGURATIONS[name], contestants, rounds, seconds, options.near) for name in names]
    closing_table(results)
    write_json(options.json, results)
    if options.picture:
        from picture import draw

        draw(results, options.picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
