"""What all suites share: how a benchmark is timed beside the machine's peak, and the closing table.

A suite's functions are called for each `shape`, `dtype` and `engine` ("fastnn", "numpy"); each checks its result
against fastnn.testing.reference, then hands its work to `timed`. pytest-benchmark times one function after the other,
so figures of two engines are only as comparable as the machine is quiet: claims come from products.py and compare.py.
"""

import pytest
from threadpoolctl import threadpool_limits
from yardstick import peak

ENGINES = ["fastnn", "numpy"]
RECORDS = pytest.StashKey[list]()


def pytest_addoption(parser):
    parser.addoption("--threads", type=int, default=1, help="threads of fastnn and of NumPy's BLAS (default: 1)")


def pytest_configure(config):
    config.stash[RECORDS] = []


@pytest.fixture(params=["float32", "float64"])
def dtype(request):
    return request.param


@pytest.fixture(params=ENGINES)
def engine(request):
    return request.param


@pytest.fixture(scope="session")
def threads(pytestconfig):
    return pytestconfig.getoption("threads")


@pytest.fixture(autouse=True, scope="session")
def same_threads_for_blas(threads):
    with threadpool_limits(threads, user_api="blas"):
        yield


@pytest.fixture
def timed(request, benchmark, dtype, engine, shape, threads):
    """timed(function, flop=... or elements=...): benchmark it, and put its rate into extra_info.

    `flop` of its products counts against the peak of the cores in use, measured just before and just after; work that
    is no multiply-add is counted in `elements`.
    """
    what = request.function.__name__.removeprefix("bench_")
    variant = [request.node.callspec.params[name] for name in request.node.callspec.params if name not in FIXED]
    benchmark.group = " ".join([what, *variant, shape, dtype])

    def run(function, *, flop=None, elements=None):
        quick = benchmark.disabled
        before = peak(dtype, samples=1 if quick else 7)
        benchmark(function)
        if quick:
            return
        reached = (before + peak(dtype)) / 2 * threads
        seconds = benchmark.stats.stats.median
        benchmark.extra_info["peak_gflops"] = reached / 1e9
        if flop is not None:
            benchmark.extra_info["gflops"] = flop / seconds / 1e9
            benchmark.extra_info["fraction_of_peak"] = flop / seconds / reached
        else:
            benchmark.extra_info["gelements"] = elements / seconds / 1e9
        request.config.stash[RECORDS].append((benchmark.group, engine, seconds, dict(benchmark.extra_info)))

    return run


FIXED = {"shape", "dtype", "engine"}


@pytest.hookimpl(trylast=True)  # below pytest-benchmark's tables
def pytest_terminal_summary(terminalreporter, config):
    groups = {}
    for group, engine, seconds, info in config.stash[RECORDS]:
        groups.setdefault(group, {})[engine] = seconds, info
    if not groups:
        return
    write = terminalreporter.write_line
    terminalreporter.section(f"rates, {config.getoption('threads')} thread(s)")
    write(f"{'':48} {'median':>10} {'rate':>18} {'of the peak':>12} {'NumPy, of it':>13} {'over NumPy':>11}")
    for group, sides in groups.items():
        seconds, info = sides.get("fastnn", (None, {}))
        numpy_seconds, numpy_info = sides.get("numpy", (None, {}))
        cells = [
            "" if seconds is None else f"{seconds * 1e6:.1f} us",
            f"{info['gflops']:.1f} GFLOP/s" if "gflops" in info else "",
            f"{info['fraction_of_peak']:.1%}" if "gflops" in info else "",
            f"{numpy_info['fraction_of_peak']:.1%}" if "gflops" in numpy_info else "",
            f"{numpy_seconds / seconds:.2f}" if seconds and numpy_seconds else "",
        ]
        if "gelements" in info:
            cells[1] = f"{info['gelements']:.2f} G elements/s"
        write(f"{group:48} {cells[0]:>10} {cells[1]:>18} {cells[2]:>12} {cells[3]:>13} {cells[4]:>11}")
