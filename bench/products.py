"""How near the products come to the machine's peak, and to NumPy's matmul: `python bench/products.py`.

One thread, timed by its own clock. Our kernel, np.matmul (with `out=`) and the multiply-add yardstick take turns within
each round. With --check the command fails where a figure is below what the project aims at.
"""

import argparse
import json
import sys

from interleaved import Spread, measure
from layer import AT_HAND, NUMPYS, OURS, PRODUCTS, SHAPES, product
from threadpoolctl import threadpool_limits
from yardstick import peak_sample

from fastnn._core import targets

#: Fraction of the peak that is aimed at, by CPU target; none for the others.
AIMED = {"avx512": 0.95, "avx2": 0.93}


def sizes(shape: str) -> list[int]:
    """Batch, outputs and inputs of a shape like 126x128x784."""
    numbers = [int(number) if number.isdigit() else 0 for number in shape.split("x")]
    if len(numbers) != 3 or min(numbers) < 1:
        raise argparse.ArgumentTypeError(f"expected batch x outputs x inputs, as 126x128x784, received: {shape!r}")
    return numbers


def compare(name: str, shape: str, dtype: str, rounds: int) -> dict[str, Spread]:
    """Measure one product: our GFLOP/s, both engines' fraction of the peak, and our speed over NumPy's."""
    work = product(name, *sizes(shape), dtype)
    for engine in work.run:
        work.check(engine)
    yardstick, peak_flop = peak_sample(dtype)
    made = measure({"peak": yardstick, **work.run}, rounds)
    figures = {
        "gflops": made.rate(OURS, work.flop / 1e9),
        "fraction_of_peak": made.speed(OURS, "peak", work.flop, peak_flop),
        "numpy_fraction_of_peak": made.speed(NUMPYS, "peak", work.flop, peak_flop),
        "speed_over_numpy": made.speed(OURS, NUMPYS),
    }
    if AT_HAND in work.run:
        figures["fraction_of_peak_at_hand"] = made.speed(AT_HAND, "peak", work.flop, peak_flop)
    return figures


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=60, help="of each product (default: %(default)s)")
    shapes = {"type": lambda shape: sizes(shape) and shape, "default": list(SHAPES)}
    parser.add_argument("--shapes", nargs="+", **shapes, help="batch x outputs x inputs (default: %(default)s)")
    parser.add_argument("--dtypes", nargs="+", choices=["float32", "float64"], default=["float32", "float64"])
    parser.add_argument("--json", metavar="FILE", help="write the figures, with quartiles, to FILE")
    parser.add_argument("--check", action="store_true", help="exit 1 where a figure is below the project's aim")
    options = parser.parse_args(arguments)

    target = targets.active_name()
    aimed = AIMED.get(target, 0.0)
    print(f"CPU target {target}, one thread, {options.rounds} rounds; medians, the quartiles in brackets")
    heads = f"{'GFLOP/s':>8}  {'of the peak':>17}  {'NumPy':>6}  {'over NumPy':>19}  {'W^T at hand':>11}"
    print(f"{'dtype':8} {'product':7} {'shape':12} {heads}")
    rows, below = [], 0
    with threadpool_limits(1):
        for dtype in options.dtypes:
            for shape in options.shapes:
                for name in PRODUCTS:
                    made = compare(name, shape, dtype, options.rounds)
                    peak, ratio = made["fraction_of_peak"], made["speed_over_numpy"]
                    at_hand = made.get("fraction_of_peak_at_hand")
                    short = peak.median < aimed or ratio.median < 1
                    below += short
                    print(
                        f"{dtype:8} {name:7} {shape:12} {made['gflops'].median:8.1f}  "
                        f"{peak.median:6.1%} [{peak.low:.0%}, {peak.high:.0%}]".ljust(58)
                        + f"{made['numpy_fraction_of_peak'].median:6.1%}  "
                        f"{ratio.median:6.2f} [{ratio.low:.2f}, {ratio.high:.2f}]"
                        + (f"{at_hand.median:13.1%}" if at_hand else " " * 13)
                        + ("  below" if short else ""),
                        flush=True,
                    )
                    figures = {key: value._asdict() for key, value in made.items()}
                    rows.append({"dtype": dtype, "product": name, "shape": shape, **figures})
    if below:
        print(f"below: less than {aimed:.0%} of the peak, or slower than NumPy")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"target": target, "rounds": options.rounds, "aimed": aimed, "rows": rows}, file, indent=1)
    return 1 if below and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
