"""A training epoch beside NumPy's: rows in a random order, Adam, sparse cross-entropy on softmax."""

import numpy as np
import pytest
import reference_network
from configurations import CONFIGURATIONS, SUITE
from engine_network import trainer_of
from numpy_network import NumpyNetwork

#: Steps that a benchmark's epoch has: enough to outlast what a call costs, few enough for many rounds.
STEPS = 10


@pytest.mark.parametrize("shape", SUITE)
def bench_epoch(timed, shape, dtype, engine, threads):
    configuration = CONFIGURATIONS[shape]._replace(rows=STEPS * CONFIGURATIONS[shape].batch)
    X, y = configuration.data()
    X = X.astype(dtype)
    order = configuration.order()
    losses = np.full(STEPS, np.nan)
    if engine == "fastnn":
        trainer = trainer_of(configuration, dtype, threads)
        trainer.bind(X, y)
        rates = np.full(STEPS, configuration.learning_rate)

        def run():
            trainer.run(order, 0, configuration.rows, rates, losses)
    else:
        network = NumpyNetwork(configuration, dtype, configuration.batch)

        def run():
            losses[:] = network.epoch(X, y, order)

    run()
    np.testing.assert_allclose(losses, reference_network.epoch(configuration, X, y, order), rtol=1e-4)
    timed(run, flop=configuration.flop())
