"""The three products of a dense layer beside np.matmul(out=)."""

import pytest
from layer import PRODUCTS, SHAPES, product


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", PRODUCTS)
def bench_product(timed, name, shape, dtype, engine, threads):
    work = product(name, *SHAPES[shape], dtype, threads)
    work.check(engine)
    timed(work.run[engine], flop=work.flop)
