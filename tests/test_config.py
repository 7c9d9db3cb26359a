import importlib.metadata

import pytest

import fastnn
from fastnn._core import targets


def test_show_config(capsys):
    facts = fastnn.show_config(mode="dicts")
    assert facts["fastnn"] == fastnn.__version__
    assert facts["cpu target"] == targets.active_name()
    assert facts["cpu target"] in facts["cpu targets available"]
    assert facts["threads"] >= 1
    assert fastnn.show_config() is None
    printed = capsys.readouterr().out
    for name in facts:
        assert name in printed
    with pytest.raises(ValueError, match="received: mode='json'"):
        fastnn.show_config("json")


def test_version_is_the_distribution_s():
    assert importlib.metadata.version("fastnn-mlp") == fastnn.__version__
