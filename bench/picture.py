"""A comparison as a picture: how fast everybody is beside the best peer, and how near to the machine's peak."""

from itertools import pairwise

import matplotlib

matplotlib.use("Agg")  # a file is all that is made
from matplotlib.figure import Figure
from peers import EVERY

#: Of Okabe and Ito, told apart by everybody; ours is the first.
COLOURS = ("#D55E00", "#0072B2", "#56B4E9", "#009E73", "#CC79A7", "#E69F00", "#999999", "#000000")
MARKERS = "osD^vP*X"


def fastest(result: dict) -> dict[str, str]:
    """The name of each peer's fastest setting."""
    rates = result["rows_a_second"]
    return {
        peer: max((name for name in rates if result["peers"][name] == peer), key=lambda name: rates[name]["median"])
        for peer in dict.fromkeys(result["peers"].values())
    }


def base_rate(result: dict) -> float:
    """Rows a second of the best peer; of ourselves, where nobody else is there."""
    return result["rows_a_second"][result.get("best_peer", result["ours"])]["median"]


def flop_of_a_step(configuration: dict) -> int:
    sizes = [inputs * outputs for inputs, outputs in pairwise(configuration["widths"])]
    return 2 * configuration["batch"] * (3 * sum(sizes) - sizes[0])


def draw(results: list[dict], path: str) -> None:
    """Write the picture of compare.py's results; the file's ending names the format."""
    present = {peer for result in results for peer in result["peers"].values()}
    peers = [peer for peer in EVERY if peer in present]
    style = {peer: (COLOURS[n % len(COLOURS)], MARKERS[n % len(MARKERS)]) for n, peer in enumerate(peers)}
    figure = Figure(figsize=(15, 1.5 + 0.16 * len(results) * (len(peers) + 1)), layout="constrained")
    bars, roof = figure.subplots(1, 2, width_ratios=(3, 2))
    draw_bars(bars, results, peers, style)
    draw_roof(roof, results, peers, style)
    figure.legend(*bars.get_legend_handles_labels(), loc="outside upper center", ncols=len(peers), frameon=False)
    figure.savefig(path, dpi=120)


def draw_bars(axes, results, peers, style):
    height = 1 / (len(peers) + 1)
    for number, peer in enumerate(peers):
        places, lengths, errors = [], [], ([], [])
        for row, result in enumerate(results):
            name = fastest(result).get(peer)
            if name is None:
                continue
            rate, base = result["rows_a_second"][name], base_rate(result)
            places.append(row + (number - (len(peers) - 1) / 2) * height)
            lengths.append(rate["median"] / base)
            errors[0].append((rate["median"] - rate["low"]) / base)
            errors[1].append((rate["high"] - rate["median"]) / base)
        drawn = axes.barh(
            places, lengths, height, xerr=errors, color=style[peer][0], label=EVERY[peer].label, error_kw={"lw": 0.8}
        )
        if number == 0:
            axes.bar_label(drawn, [f"{length:.3g}" for length in lengths], padding=4, fontsize=8)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_yticks(range(len(results)), [result["configuration"]["name"] for result in results])
    axes.invert_yaxis()
    axes.margins(x=0.08, y=0.01)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.grid(axis="x", which="major", linewidth=0.4)
    axes.set_axisbelow(True)
    axes.set_xlabel("rows a second, of the best peer's (each in its fastest setting; lines: quartiles)")


def draw_roof(axes, results, peers, style):
    for peer in peers:
        points = []
        for result in results:
            name = fastest(result).get(peer)
            if name is not None:
                points.append((flop_of_a_step(result["configuration"]), result["fractions"][name]["median"]))
        colour, marker = style[peer]
        axes.scatter(*zip(*sorted(points), strict=True), s=28, color=colour, marker=marker, zorder=3)
    axes.axhline(1, color="black", linewidth=1.2)
    axes.text(0.02, 0.92, "multiply-add peak, measured in the same rounds", fontsize=8, va="top",
              transform=axes.get_yaxis_transform())  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:.3g}")
    axes.grid(which="major", linewidth=0.4)
    axes.set_axisbelow(True)
    axes.set_xlabel("FLOP of a training step")
    axes.set_ylabel("fraction of the peak of the cores in use")
