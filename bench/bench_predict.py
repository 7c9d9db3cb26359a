"""Prediction of few and many rows beside NumPy's forward pass with `out=`."""

from itertools import pairwise

import numpy as np
import pytest
import reference_network
from configurations import CONFIGURATIONS
from engine_network import plan_of
from numpy_network import NumpyNetwork

from fastnn._core.engine import Predictor, predict

SHAPES = {f"784-128-10, {rows} row{'s' * (rows > 1)}": rows for rows in (1, 32, 1024)}


@pytest.mark.parametrize("shape", SHAPES)
def bench_predict(timed, shape, dtype, engine, threads):
    configuration = CONFIGURATIONS["784-128-10, 128"]._replace(rows=SHAPES[shape])
    X = configuration.data()[0].astype(dtype)
    out = np.full((len(X), configuration.widths[-1]), np.nan, dtype)
    if engine == "fastnn":
        plan, parameters = plan_of(configuration, dtype)
        if len(X) <= 32 and threads == 1:  # what a Predictor is for
            predictor = Predictor(plan, parameters, len(X))

            def run():
                predictor(X, out)
        else:

            def run():
                predict(plan, parameters, X, out, threads)
    else:
        network = NumpyNetwork(configuration, dtype, len(X))

        def run():
            network.forward(X, out)

    run()
    tolerance = 1e-4 if dtype == "float32" else 1e-12
    np.testing.assert_allclose(out, reference_network.predict(configuration.parameters(), X), rtol=tolerance)
    sizes = pairwise(configuration.widths)
    timed(run, flop=2 * len(X) * sum(inputs * outputs for inputs, outputs in sizes))
