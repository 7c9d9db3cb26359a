"""from_torch: a torch.nn.Sequential and its copy predict the same. Skipped where PyTorch, an oracle, is not there."""

import subprocess
import sys

import numpy as np
import pytest

import fastnn
from tests import exchange_cases as cases


def test_nothing_is_imported():
    program = (
        "import sys, fastnn\n"
        "for convert in (fastnn.from_torch, fastnn.from_keras):\n"
        "    try: convert(3)\n"
        "    except TypeError as error: print(error)\n"
        "print('torch' in sys.modules or 'keras' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "expected a torch.nn.Sequential, received: 3",
        "expected a Keras model of layers in a row, received: 3",
        "False",
    ]


@pytest.fixture
def torch():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    return torch


def compare(torch, module, dtype="float32"):
    """Both predict the same; returns the model."""
    module = module.to(getattr(torch, dtype)).eval()
    model = fastnn.from_torch(module)
    assert model.dtype == dtype
    x = cases.rows(dtype)
    with torch.no_grad():
        cases.check_close(model.predict(x), module(torch.from_numpy(x)).numpy())
    return model


def activations(nn):
    plain = [
        *(nn.ReLU(), nn.ReLU6(), nn.LeakyReLU(), nn.LeakyReLU(0.3), nn.ELU(), nn.ELU(0.5), nn.SELU(), nn.GELU()),
        *(nn.GELU("tanh"), nn.SiLU(), nn.Mish(), nn.Softplus(), nn.Softsign(), nn.Hardsigmoid(), nn.Hardtanh()),
        *(nn.Sigmoid(), nn.Tanh(), nn.Softmax(dim=1), nn.Softmax(dim=-1)),
    ]
    return {str(module): module for module in plain}


def test_activations(torch, dtype):
    for module in activations(torch.nn).values():
        compare(torch, torch.nn.Sequential(torch.nn.Linear(7, 6), module, torch.nn.Linear(6, 3)), dtype)


def test_layers(torch, dtype):
    nn = torch.nn
    model = compare(
        torch,
        nn.Sequential(
            nn.Flatten(),
            nn.Linear(7, 9, bias=False),
            nn.Sequential(nn.Dropout(0.25), nn.Tanh(), nn.Identity()),
            nn.Linear(9, 4),
        ),
        dtype,
    )
    assert [type(layer).__name__ for layer in model.layers] == ["Dense", "Dropout", "Activation", "Dense"]
    assert model.layers[1].rate == 0.25


@pytest.mark.parametrize("affine", [True, False])
def test_normalizations(torch, affine, dtype):
    nn = torch.nn
    module = nn.Sequential(nn.BatchNorm1d(7, affine=affine, eps=1e-4, momentum=0.3), nn.Linear(7, 9))
    module.append(nn.LayerNorm(9, elementwise_affine=affine)).append(nn.PReLU(9)).append(nn.PReLU())
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += torch.randn(parameter.shape) * 0.3
        module.train()(torch.from_numpy(cases.rows("float32") + 3))  # moves the running statistics
    model = compare(torch, module, dtype)
    assert model.layers[0].momentum == 0.7


def test_a_module_that_stands_there_twice(torch):
    nn = torch.nn
    bend, product = nn.Tanh(), nn.Linear(7, 7)
    model = compare(torch, nn.Sequential(product, bend, product, nn.Sequential(bend, nn.Linear(7, 2), bend)))
    assert [type(layer).__name__ for layer in model.layers] == ["Dense"] * 3


def test_one_module_alone(torch):
    compare(torch, torch.nn.Linear(7, 3))


@pytest.mark.filterwarnings("ignore:.*weight_norm")
def test_weights_that_hooks_make(torch):
    """They are those of the last forward pass, not of the parameters that were loaded since."""
    from torch.nn.utils import prune, remove_weight_norm, weight_norm

    made = {
        "weight_norm": (weight_norm, remove_weight_norm),
        "pruning": (lambda linear: prune.l1_unstructured(linear, "weight", 0.5), lambda x: prune.remove(x, "weight")),
    }
    for hook, remove in made.values():
        trained, module = (torch.nn.Sequential(torch.nn.Linear(7, 3)) for _ in range(2))
        hook(trained[0]), hook(module[0])
        module.load_state_dict(trained.state_dict())
        with pytest.raises(ValueError, match=r"expected Linear at '0' with weight as a parameter"):
            fastnn.from_torch(module)
        with torch.no_grad():
            module(torch.zeros(1, 7))  # makes the weight of what was loaded
        remove(module[0])
        compare(torch, module)


def test_what_has_no_counterpart(torch):
    nn = torch.nn
    cases_ = [
        (nn.Sequential(nn.Linear(7, 3), nn.Sequential(nn.Conv1d(1, 1, 1))), "received: Conv1d at '1.0'"),
        (nn.Sequential(nn.Linear(7, 3), nn.Softplus(beta=2)), "expected Softplus at '1' with beta=1"),
        (nn.Sequential(nn.Linear(7, 3), nn.Hardtanh(-2, 2)), "with limits -1 and 1"),
        (nn.Sequential(nn.Linear(7, 3), nn.Softmax(dim=0)), "with dim=1"),
        (nn.Sequential(nn.BatchNorm1d(7, track_running_stats=False)), "track_running_stats=True"),
        (nn.Sequential(nn.Tanh()), "says the width"),
        (nn.Sequential(nn.Linear(7, 3), nn.Linear(4, 3)), "expected 3 columns for Dense"),
    ]
    for module, message in cases_:
        with pytest.raises(ValueError, match=message):
            fastnn.from_torch(module)

    class Own(nn.Sequential):
        def forward(self, x):
            return super().forward(x) + x

    with pytest.raises(ValueError, match="received: Own at 'its top'"):
        fastnn.from_torch(Own(nn.Linear(7, 7)))
    with pytest.raises(TypeError, match=r"expected a torch\.nn\.Sequential, received: <class"):
        fastnn.from_torch(nn.Linear)


@pytest.mark.filterwarnings("ignore")
def test_pytorchs_onnx_files(torch, tmp_path):
    pytest.importorskip("onnx")
    nn = torch.nn
    path = tmp_path / "model.onnx"
    for module in activations(nn).values():
        stack = nn.Sequential(
            nn.Linear(7, 9, bias=False), module, nn.Dropout(), nn.Linear(9, 4), nn.Softmax(dim=1)
        ).eval()
        x = torch.from_numpy(cases.rows("float32"))
        names = {"x": {0: "rows"}}
        torch.onnx.export(stack, (x,), path, dynamo=False, input_names=["x"], dynamic_axes=names, opset_version=17)
        with torch.no_grad():
            cases.check_close(fastnn.from_onnx(path).predict(x.numpy()), stack(x).numpy())


@pytest.mark.parametrize("dtype_of_weights", ["bfloat16", "float16"])
def test_half_precision_becomes_float32(torch, dtype_of_weights):
    module = torch.nn.Linear(7, 3).to(getattr(torch, dtype_of_weights))
    model = fastnn.from_torch(module)
    assert model.dtype == "float32"
    np.testing.assert_array_equal(model.layers[0].kernel, module.weight.detach().float().numpy().T)
