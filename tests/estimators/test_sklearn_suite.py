"""scikit-learn's own tests pass on ours: those of its estimators, and those that any estimator must pass."""

import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from fastnn import MLPClassifier, MLPRegressor
from fastnn.compat import WITH_SKLEARN

ROOT = Path(__file__).resolve().parents[2]

if WITH_SKLEARN:
    from sklearn.utils.estimator_checks import parametrize_with_checks

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # older ones hand pytest a generator
        with_checks = parametrize_with_checks([kind(max_iter=20) for kind in (MLPClassifier, MLPRegressor)])
    # pytest takes a list only
    mark = with_checks.mark.args
    with_checks = pytest.mark.parametrize(mark[0], list(mark[1]), **with_checks.mark.kwargs)

    @pytest.mark.filterwarnings("ignore")
    @with_checks
    def test_estimator_checks(estimator, check):
        check(estimator)


@pytest.mark.slow
def test_suite_of_scikit_learn():
    """All items of the installed wheel's own test_mlp, none skipped."""
    pytest.importorskip("sklearn")
    pytest.importorskip("pandas")
    suite = "sklearn.neural_network.tests.test_mlp"
    options = ["-q", "-c", "/dev/null", "-rs", "-p", "tests.estimators.fastnn_in_place", "--pyargs", suite]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    counts = dict(reversed(found) for found in re.findall(r"(\d+) (\w+)", done.stdout.splitlines()[-1]))
    assert int(counts.pop("passed")) >= 50
    assert not counts.keys() & {"failed", "error", "errors", "skipped", "deselected", "xfailed", "xpassed"}, counts
