import numpy as np
import pytest

from fastnn.utils import to_categorical


def test_one_hot():
    expected = np.array([[1, 0, 0], [0, 0, 1]], dtype=np.float32)
    for given in ([0, 2], [[0], [2]], np.array([0.0, 2.0]), np.array([0, 2], dtype=np.uint8)):
        result = to_categorical(given)
        assert result.dtype == np.float32
        np.testing.assert_array_equal(result, expected)
    assert to_categorical([0, 2], 5).shape == (2, 5)


def test_errors():
    with pytest.raises(ValueError, match=r"from 0 to 1 .*x\[1\]=2"):
        to_categorical([0, 2], 2)
    with pytest.raises(ValueError, match=r"x\[0\]=-1"):
        to_categorical([-1, 2])
    with pytest.raises(ValueError, match="received: num_classes=0"):
        to_categorical([0], 0)
