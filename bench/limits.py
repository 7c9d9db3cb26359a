"""What a step or a prediction costs at least on this machine, beside what it takes: `python bench/limits.py FILE`.

Reads what `compare.py --json FILE` or `compare_predict.py --json FILE` wrote. Three limits of a training step:

- *The machine's*: every multiply-add at the measured peak, or every kernel read once at the measured rate of its cache,
  whichever is longer; the optimizer's update at the rate that its kernel has in a near cache; the batch's rows read
  once at the rate of where the data lies. All of it shared perfectly by the cores, with no wait, no loss, no
  activation, no call. The ratio over the fastest peer that this leaves is the most that anybody could reach.
- *The kernels'*: the step's products, activations, loss and update, each measured alone at the step's shapes with warm
  caches, the update on as many parameters as each core has, the rows, one after another with no call between. By the
  quickest of the ways that leave every sum its order: one thread; two by rows, which exchange what the gradients of
  half a kernel each want; two by halves of each layer's inputs, which exchange sums and gradients; the busier of two
  that have some of the layers each; of batches in groups two that have half of those and exchange their sums. Where
  they meet, what crosses is measured by as many lines; nothing is overlapped.
- *The products'*: the same with every product at the measured peak. No better product could go below while the other
  kernels, and the meeting of two cores, take what they take.

Of a prediction, by one thread, the machine's: every multiply-add at the peak, or every parameter read once; and the
kernels': each layer's product and activation over all rows, alone and with warm caches. Where cores were near each
other in some rounds, these alone count.
"""

import argparse
import json
import sys
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from time import perf_counter, thread_time

import numpy as np
from configurations import CONFIGURATIONS, Configuration
from layer import C_TYPE, OURS, PRODUCTS, padded, product
from yardstick import peak as peak_now

from fastnn._core import activations, arrays, losses, meeting, optimizers, targets, threads

BLOCK = 16384  # parameters of an update at a time: their gradient stays in a near cache
SECONDS = 0.2  # of measuring one thing: longer than most disturbances
FEWEST_SECONDS = 3e-4  # of a sample: caches and branch predictors are warm for most of it
FEWEST_SAMPLES = 5
MEETINGS = 200
LINE_BYTES = 64
PEAKS = 10
GROUPED_ROWS = 128  # a batch from so many on may go by groups (fastnn/_core/passes.pyx)


@cache
def peak(dtype: str) -> float:
    """The fastest of some, as of everything here."""
    return max(peak_now(dtype) for _ in range(PEAKS))


def seconds_of_call(run: Callable[[], object], calls: int) -> float:
    begin = thread_time()
    for _ in range(calls):
        run()
    return (thread_time() - begin) / calls


def difference(longer: Callable[[], object], shorter: Callable[[], object]) -> float:
    """Seconds of this thread by which a call of one takes longer, each in the fastest of samples that alternate."""
    begin, best, samples = perf_counter(), [float("inf")] * 2, 0
    calls = [1 + int(FEWEST_SECONDS / max(seconds_of_call(run, 3), 1e-8)) for run in (longer, shorter)]
    while samples < FEWEST_SAMPLES or perf_counter() - begin < SECONDS:
        best = [min(b, seconds_of_call(run, c)) for b, run, c in zip(best, (longer, shorter), calls, strict=True)]
        samples += 1
    return max(0.0, best[0] - best[1])


@cache
def seconds_a_parameter(configuration: Configuration, size: int = BLOCK) -> float:
    """Of the optimizer's update of so many, one block after the other; of plain descent, which is bound by reading, its
    multiply-add."""
    name, numbers = "adam", {}
    if configuration.optimizer == "sgd":
        name, numbers = "momentum", {"momentum": configuration.momentum}
        if not configuration.momentum:
            return 2 / peak(configuration.dtype)
    rng, slots = np.random.default_rng(0), targets.OPTIMIZERS[name][1]
    g = rng.uniform(0.1, 1.0, BLOCK).astype(configuration.dtype)
    vectors = rng.uniform(0.1, 1.0, (1 + slots, size)).astype(configuration.dtype)
    blocks = [vectors[:, at : at + BLOCK] for at in range(0, size, BLOCK)]

    def update(parts: list[np.ndarray]) -> Callable[[], object]:
        def run() -> None:
            for part in parts:
                optimizers.update(name, g[: part.shape[1]], *part, rate=1e-9, **numbers)

        return run

    return difference(update(blocks), update([vectors[:, :1]] * len(blocks))) / size


@cache
def seconds_a_byte(size: int, dtype: str) -> float:
    """Of reading an array of so many bytes again and again, by one thread."""
    x, empty = np.ones(max(1024, size // np.dtype(dtype).itemsize), dtype), np.ones(1, dtype)
    return difference(lambda: arrays.first_not_finite(x), lambda: arrays.first_not_finite(empty)) / x.nbytes


def count(configuration: Configuration) -> int:
    return sum(kernel.size + bias.size for kernel, bias in configuration.parameters())


def least(configuration: Configuration, cores: int) -> dict[str, float]:
    """Seconds of the parts of a step."""
    dtype, itemsize = configuration.dtype, np.dtype(configuration.dtype).itemsize
    parameters = count(configuration)
    flop = configuration.flop() / configuration.steps
    read = parameters * itemsize * seconds_a_byte(parameters * itemsize // cores, dtype)
    data = configuration.rows * configuration.widths[0] * itemsize
    rows = configuration.batch * configuration.widths[0] * itemsize * seconds_a_byte(data, dtype)
    one = {"products": max(flop / peak(dtype), read), "update": parameters * seconds_a_parameter(configuration)}
    return {**{part: seconds / cores for part, seconds in one.items()}, "rows": rows / cores}


def seconds_beyond_a_call(make: Callable[..., Callable[[], object]], *shape: int) -> float:
    """Of what `make(*shape)` returns, without what the same costs on next to nothing."""
    return difference(make(*shape), make(*[1] * len(shape)))


def layers_of(configuration: Configuration, at_peak: bool) -> list[float]:
    """Seconds of each layer's kernels by one thread, no update: products alone or at the peak, others alone."""
    dtype, batch, fastest = configuration.dtype, configuration.batch, peak(configuration.dtype)

    def seconds(name: str, inputs: int, outputs: int) -> float:
        if at_peak:
            return 2 * batch * inputs * outputs / fastest
        return seconds_beyond_a_call(lambda *shape: product(name, *shape, dtype).run[OURS], batch, outputs, inputs)

    layers = list(other_kernels(configuration))
    for index, (inputs, outputs) in enumerate(pairwise(configuration.widths)):
        names = [name for name in PRODUCTS if index or name != "dY W^T"]
        layers[index] += sum(seconds(name, inputs, outputs) for name in names)
    return layers


@cache
def other_kernels(configuration: Configuration) -> tuple[float, ...]:
    """Seconds of each layer's activation, there and back, or of the loss behind the last, by one thread, each alone."""
    dtype, batch, widths = configuration.dtype, configuration.batch, configuration.widths
    forward, backward, loss = (f[C_TYPE[dtype]] for f in (activations._forward, activations._backward, losses._loss))

    def activated(rows: int, width: int) -> Callable[[], object]:
        z = padded(np.random.default_rng(0).standard_normal((rows, width)), dtype)
        y, (kind, _, alpha) = padded(z, dtype), targets.ACTIVATIONS[configuration.activation]
        shape = {"alpha": alpha, "max_value": np.inf, "threshold": 0.0}

        def both() -> None:
            forward(z, y, kind, shape)
            backward(y, y, y, kind, shape)

        return both

    def judged(rows: int, width: int) -> Callable[[], object]:
        name = "squared_error" if configuration.regression else "sparse_categorical_crossentropy_from_logits"
        z, kind = padded(np.random.default_rng(0).standard_normal((rows, width)), dtype), targets.LOSSES[name][0]
        truth = np.zeros((rows, width), dtype) if configuration.regression else np.zeros(rows, np.int32)
        dz, row_loss, labels = padded(z, dtype), np.zeros(rows), not configuration.regression
        return lambda: loss(z, truth, None, None, row_loss, dz, None, kind, labels, 1.0, 1.0, 0.0)

    return tuple(
        seconds_beyond_a_call(activated if index < len(widths) - 2 else judged, batch, outputs)
        for index, outputs in enumerate(widths[1:])
    )


@cache
def seconds_of_meeting(lines: int) -> float:
    """Of two threads that write so many lines each, wait, read each other's, and wait: the fastest of some runs."""
    began, taken = perf_counter(), []
    while not taken or perf_counter() - began < SECONDS:
        begin = perf_counter()
        meeting.meet(MEETINGS, lines)
        taken.append((perf_counter() - begin) / MEETINGS)
    return min(taken)


def of_kernels(configuration: Configuration, cores: int, at_peak: bool) -> float:
    """Seconds of a step: the quickest way to share it that there are cores for."""
    line = LINE_BYTES // np.dtype(configuration.dtype).itemsize
    batch, widths, parameters = configuration.batch, configuration.widths, count(configuration)
    layers, sizes = layers_of(configuration, at_peak), [(i + 1) * o for i, o in pairwise(widths)]
    rows = least(configuration, 1)["rows"]
    kernels = sum(layers) + rows
    alone = kernels + parameters * seconds_a_parameter(configuration, max(BLOCK, parameters))
    if cores < 2:
        return alone
    update = seconds_a_parameter(configuration, max(BLOCK, parameters // 2))
    half = (kernels + parameters * update) / 2
    # By rows up to the gradients, half a kernel's rows each, which want the other's rows, half the columns of inputs.
    read = [batch * (o + (i / 2 if layer else 0)) / 2 + i * o / 2 for layer, (i, o) in enumerate(pairwise(widths))]
    possible = [alone, half + seconds_of_meeting(int(sum(read)) // line)]
    # By halves of the inputs: on the way there sums cross, on the way back gradients, of half the outputs each.
    possible.append(half + sum(seconds_of_meeting(batch * outputs // line) for outputs in widths[1:]))
    if batch >= GROUPED_ROWS:
        possible.append(half + seconds_of_meeting(parameters // line))
    # By layers: whose are more, with no wait for each other on the way.
    costs = [seconds + size * update for seconds, size in zip(layers, sizes, strict=True)]
    costs[0] += rows
    for first in range(1, len(layers)):
        busier = max(sum(costs[:first]), sum(costs[first:]))
        possible.append(busier + seconds_of_meeting(batch * widths[first] // line))
    return min(possible)


def say_steps(results: list[dict]) -> None:
    cores = threads.default_threads()
    print(
        f"us a step; at least: by the machine with all {cores} cores shared perfectly, with every product at the peak"
        " and our other kernels, and with our kernels"
    )
    print(
        f"{'':50} {'fastest peer':>12} {'ours':>9} {'machine':>9} = {'products':>9} {'update':>8} {'rows':>8}"
        f" {'at peak':>9} {'kernels':>9}   {'ratio':>5} {'at most: machine':>16} {'at peak':>7} {'kernels':>7}"
    )
    for result in results:
        configuration = CONFIGURATIONS[result["configuration"]["name"]]
        parts = least(configuration, cores)
        theirs, ours = seconds_of(result, configuration.batch, configuration.rows)
        total = sum(parts.values())
        ideal, warm = (of_kernels(configuration, cores, at_peak) for at_peak in (True, False))
        numbers = [1e6 * value for value in (theirs, ours, total, *parts.values(), ideal, warm)]
        print(
            "{:50} {:12.2f} {:9.2f} {:9.2f} = {:9.2f} {:8.2f} {:8.2f} {:9.2f} {:9.2f}".format(
                configuration.name, *numbers
            )
            + f"   {ratio_of(result):5.2f} {theirs / total:16.2f} {theirs / ideal:7.2f} {theirs / warm:7.2f}",
            flush=True,
        )


@cache
def of_forward_kernels(configuration: Configuration, rows: int) -> float:
    """Seconds of a prediction by one thread: each layer's product and activation, each alone."""
    dtype, widths, total = configuration.dtype, configuration.widths, 0.0
    run, last = activations._forward[C_TYPE[dtype]], "linear" if configuration.regression else "softmax"

    def multiplied(*shape: int) -> Callable[[], object]:
        return product("X W", *shape, dtype).run[OURS]

    def activated(rows: int, width: int, kind: int) -> Callable[[], object]:
        z = padded(np.random.default_rng(0).standard_normal((rows, width)), dtype)
        y, shape = padded(z, dtype), {"alpha": 0.0, "max_value": np.inf, "threshold": 0.0}
        return lambda: run(z, y, kind, shape)

    for index, (inputs, outputs) in enumerate(pairwise(widths)):
        total += seconds_beyond_a_call(multiplied, rows, outputs, inputs)
        name = last if index == len(widths) - 2 else configuration.activation
        if name != "linear":
            kind = targets.ACTIVATIONS[name][0]
            total += difference(activated(rows, outputs, kind), activated(1, 1, kind))
    return total


def say_predictions(results: list[dict]) -> None:
    print(
        "us a prediction by one thread; at least by the machine: every multiply-add at the peak, or every parameter"
        " read once; and with our kernels"
    )
    print(
        f"{'':50} {'rows':>5} {'fastest peer':>12} {'ours':>9} {'machine':>10} {'kernels':>10}   {'ratio':>5}"
        f" {'at most: machine':>16} {'kernels':>7}"
    )
    for result in results:
        configuration, rows = CONFIGURATIONS[result["configuration"]["name"]], result["rows"]
        size, dtype = count(configuration) * np.dtype(configuration.dtype).itemsize, configuration.dtype
        least_ = max(configuration.forward_flop(rows) / peak(dtype), size * seconds_a_byte(size, dtype))
        theirs, ours = seconds_of(result, rows, rows)
        warm = of_forward_kernels(configuration, rows)
        numbers = [1e6 * value for value in (theirs, ours, least_, warm)]
        print(
            "{:50} {:5} {:12.2f} {:9.2f} {:10.4f} {:10.4f}".format(configuration.name, rows, *numbers)  # some ns
            + f"   {ratio_of(result):5.2f} {theirs / least_:16.2f} {theirs / warm:7.2f}",
            flush=True,
        )


def seconds_of(result: dict, rows: int, rows_of_call: int) -> list[float]:
    """The fastest peer's of so many rows, and ours: of rounds in which cores were near each other, if there are any."""
    near = np.array(result["near"])
    counted = near if near.any() else ~near
    return [
        float(np.median(np.array(result["seconds"][result[who]])[counted])) * rows / rows_of_call
        for who in ("best_peer", "ours")
    ]


def ratio_of(result: dict) -> float:
    """Over the fastest peer, in the same rounds."""
    return result.get("ratio_near", result["ratio"])["median"]


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", help="what compare.py or compare_predict.py --json wrote, on this machine")
    options = parser.parse_args(arguments)
    with open(options.file, encoding="utf-8") as file:
        written = json.load(file)["results"]
    beside_peers = [result for result in written if "best_peer" in result]
    for say, results in (
        (say_steps, [result for result in beside_peers if "rows" not in result]),
        (say_predictions, [result for result in beside_peers if "rows" in result]),
    ):
        if results:
            say(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
