"""Numbers that other libraries gave, stored, and how they were asked for."""

import numpy as np


def check_stored(oracle):
    """Hold the file of one of these modules to what Keras gives now; skips where it is not installed."""
    import pytest  # not needed where the modules are run to write their files

    pytest.importorskip("keras")
    pytest.importorskip("jax")
    made = oracle.make()
    with np.load(oracle.STORED) as file:
        assert set(file.files) == set(made)
        for case, array in made.items():
            np.testing.assert_allclose(file[case], array, rtol=1e-12, atol=1e-15)
