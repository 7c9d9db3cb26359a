"""MLPClassifier.fit beside scikit-learn's own: `python bench/compare_estimators.py`.

The same estimator from two modules, in both element types, compared as compare.py compares: the losses first, then in
turns.
"""

import sys
from contextlib import ExitStack

from command import parser_of, say_machine, write_json
from compare import closing_table, compare
from configurations import CONFIGURATIONS
from contest import start
from peers import SETTINGS

NETWORKS = ("784-100-10, 200", "64-64-10, 32")


def main(arguments=None) -> int:
    parser = parser_of(__doc__, rounds=15, seconds=0.2)
    parser.add_argument("--networks", nargs="+", choices=CONFIGURATIONS, default=list(NETWORKS))
    options = parser.parse_args(arguments)
    say_machine()
    with ExitStack() as stack:
        contestants = start(stack, ("drop_in", "sklearn"), SETTINGS)
        results = []
        for network in options.networks:
            for dtype in ("float32", "float64"):
                configuration = CONFIGURATIONS[network]._replace(name=f"{network}, {dtype}", dtype=dtype)
                results.append(compare(configuration, contestants, options.rounds, options.seconds, ours="drop_in"))
    closing_table(results)
    write_json(options.json, results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
