"""The command line that comparisons share: rounds, seconds, and a file for the figures."""

import argparse
import json
import platform
import sys

from fastnn._core import targets, threads


def parser_of(description: str, rounds: int, seconds: float | None = 0.1) -> argparse.ArgumentParser:
    """A parser with --rounds, --seconds (unless None) and --json; of `description` the first line counts."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--rounds", type=positive(int), default=rounds, help="default: %(default)s")
    parser.add_argument("--json", metavar="FILE", help="write everything, each round's figures included, to FILE")
    if seconds is not None:
        said = "that each contestant has in a round (default: %(default)s)"
        parser.add_argument("--seconds", type=positive(float), default=seconds, help=said)
    return parser


def positive(kind):
    """A type for argparse: a number above 0."""

    def parse(text: str):
        value = kind(text)
        if not value > 0:
            raise argparse.ArgumentTypeError(f"expected a number above 0, received: {text}")
        return value

    return parse


def say_machine() -> None:
    print(f"CPU target {targets.active_name()}; threads by default: {threads.explain()}")


def write_json(path: str | None, results) -> None:
    """Results beside what machine they are of; nothing without a path."""
    if path is None:
        return
    machine = {"platform": platform.platform(), "python": sys.version, "target": targets.active_name()}
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"machine": machine, "results": results}, file, indent=1)
