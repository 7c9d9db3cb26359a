"""check_setup: what is worth knowing of a model and its data before hours of training, on copies of the model."""

from __future__ import annotations

import math
import warnings
from typing import Any, NamedTuple

import numpy as np

from fastnn import losses, optimizers
from fastnn.trials import check_data, sample, trial

SAMPLE_ROWS = 1024  # for losses
FEW_ROWS = 20  # to overfit, and for the gradient check
SMALL = 0.01  # factor that makes kernels small
#: Of the loss that chance has: how far off at small weights, how high at the model's own weights.
NEAR, HIGH = 0.1, 3.0
#: The penalty's greatest share, in losses of the data.
HEAVY = 10.0
OVERFIT_STEPS, OVERFIT_RATES = 400, (0.01, 0.001)
#: Share of the loss of predicting the mean that an overfitted model may still have.
LEFT = 0.05
DIRECTIONS, DIFFERENCE, ERROR = 5, 1e-6, 1e-4


class Finding(NamedTuple):
    """What one check found.

    Attributes
    ----------
    name : {"first loss", "penalty", "overfitting", "gradient"}
    status : {"passed", "failed", "skipped"}
    text : str
        What was measured, and what it should be.

    Examples
    --------
    >>> Finding("penalty", "skipped", "no layer has one").status
    'skipped'
    """

    name: str
    status: str
    text: str


class SetupReport:
    """What `check_setup` found: a list of findings, printed as a table.

    Parameters
    ----------
    findings : list of Finding

    Examples
    --------
    >>> SetupReport([Finding("penalty", "skipped", "no layer has one")])
    penalty      skipped  no layer has one
    """

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = findings

    @property
    def ok(self) -> bool:
        """Whether no check failed."""
        return all(finding.status != "failed" for finding in self.findings)

    def __getitem__(self, name: str) -> Finding:
        """Return the finding of a check by its name."""
        return next(finding for finding in self.findings if finding.name == name)

    def __repr__(self) -> str:
        return "\n".join(f"{finding.name:12} {finding.status:8} {finding.text}" for finding in self.findings)


def check_setup(model: Any, X: Any, y: Any) -> SetupReport:
    """Look for mistakes before training: four checks, on copies of the model.

    Parameters
    ----------
    model : Sequential
        Compiled, best with the weights that training will start from. It stays as it is, to the bit.
    X, y
        As for `Sequential.fit`; samples of them are looked at.

    Returns
    -------
    SetupReport
        With ``ok``, False if a check failed, and ``report["overfitting"]`` for a single finding.

    Raises
    ------
    ValueError, TypeError
        As `Sequential.fit` does, if an argument does not fit the model.

    Notes
    -----
    - "first loss": with kernels made small (times 0.01) a classifier knows nothing, and its cross-entropy, without
      penalties, is within 10 % of ``ln(classes)``, or ``ln(2)`` with one output a question; with the model's own
      weights it is at most 3 times that. Other losses have no such number: skipped.
    - "penalty": the penalties raise the loss, and by at most 10 times the data's part.
    - "overfitting": 20 rows are learnt by heart in 400 steps of Adam at a rate of 0.01 or 0.001, without penalties and
      dropout: every class right, or at most 5 % of the loss of predicting the mean left.
    - "gradient": along 5 directions v, each the gradient's and a random one added up, in float64, ``g . v`` and
      ``(E(w + h v) - E(w - h v)) / 2h``, h = 1e-6, differ by at most 1e-4 of the larger in the median: a kink of ReLU
      may lie between two points.

    Source: Karpathy, A recipe for training neural networks, 2019; Glorot and Bengio, 2010, for the small weights.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> X = np.random.default_rng(0).normal(size=(100, 2))
    >>> model = fastnn.Sequential([fastnn.layers.Dense(32, "relu"), fastnn.layers.Dense(2, "softmax")], seed=0)
    >>> model.compile("adam", "sparse_categorical_crossentropy")
    >>> report = fastnn.check_setup(model, X, X[:, 0] > X[:, 1])
    >>> report.ok, report["penalty"].status
    (True, 'skipped')
    """
    check_data(model, X, y)
    many, few = sample(X, y, SAMPLE_ROWS), sample(X, y, FEW_ROWS)
    return SetupReport(
        [
            _first_loss(trial(model, X), *many, np.asarray(y)),
            _penalty(trial(model, X), *many),
            _overfitting(model, *few),
            _gradient(trial(model, X, dtype="float64"), *few),
        ]
    )


def _finding(name: str, passed: bool, text: str) -> Finding:
    return Finding(name, "passed" if passed else "failed", text)


def _data_loss(model: Any, X: Any, y: Any) -> float:
    """The mean loss of the rows, without penalties."""
    return float(model.loss.rows(model.training.dataset(X, y).y, model.predict(X)).mean())


def _chance(model: Any, y: np.ndarray) -> tuple[float, str] | None:
    """The cross-entropy of a model that knows nothing, and its formula; None where there is no such number."""
    if isinstance(model.loss, losses.CategoricalCrossentropy):
        classes = np.unique(y).size if model.loss.labels else int(np.count_nonzero(np.any(y != 0, axis=0)))
        return math.log(max(2, classes)), f"ln({classes})"
    if isinstance(model.loss, losses.BinaryCrossentropy):
        return math.log(2.0) * (1.0 if model.loss.mean_of_outputs else model.output_shape[1]), "ln(2) an output"
    return None


def _first_loss(model: Any, X: Any, y: np.ndarray, all_y: np.ndarray) -> Finding:
    chance = _chance(model, all_y)
    if chance is None:
        return Finding("first loss", "skipped", f"{model.loss.name} has no value that is known before")
    expected, formula = chance
    own = _data_loss(model, X, y)
    views = [view for layer in model.layers for view in layer.arrays()]
    for (_, weight), view in zip(model.declared(), views, strict=True):
        if weight.name.endswith("kernel"):
            view *= SMALL
    small = _data_loss(model, X, y)
    passed = abs(small - expected) <= NEAR * expected and own <= HIGH * expected
    text = f"{small:.4g} at small weights and {own:.4g} at the model's own, expected {expected:.4g} = {formula} or so"
    return _finding("first loss", passed, text)


def _penalty(model: Any, X: Any, y: np.ndarray) -> Finding:
    if not any(_penalties(layer) for layer in model.parts()):
        return Finding("penalty", "skipped", "no layer has one")
    data = float(model.loss(model.training.dataset(X, y).y, model.predict(X)))
    raised = float(model.evaluate(X, y, verbose=0, return_dict=True)["loss"]) - data
    text = (
        f"raises the loss of the data, {data:.4g}, by {raised:.4g}, expected more than 0 and at most 10 times as much"
    )
    return _finding("penalty", 0.0 < raised <= HEAVY * abs(data), text)


def _penalties(layer: Any) -> list[str]:
    """Names of a layer's penalties; those of weights that do not learn are none."""
    ending = "_regularizer" if layer.trainable else "activity_regularizer"
    return [name for name, value in vars(layer).items() if name.endswith(ending) and value is not None]


def _overfitting(model: Any, X: Any, y: np.ndarray) -> Finding:
    if isinstance(model.loss, losses.FunctionLoss):
        return Finding("overfitting", "skipped", f"the least value of the function {model.loss.name} is not known")
    judged: list[tuple[bool, str]] = []
    for rate in OVERFIT_RATES:
        twin = trial(model, X)
        for layer in twin.parts():
            arguments = vars(layer)  # a built model's may not be set, but this one is compiled with them
            arguments.update(dict.fromkeys(_penalties(layer)))
            if isinstance(arguments.get("rate"), float):
                arguments["rate"] = 0.0
        twin.compile(optimizers.Adam(rate), twin.loss)
        before = _rest(twin, X, y)
        if before is None:
            return Finding("overfitting", "skipped", "y is the same in every row")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of divergence, which is what is found
            twin.fit(X, y, batch_size=FEW_ROWS, epochs=OVERFIT_STEPS, verbose=0)
        after = _rest(twin, X, y)
        assert after is not None
        judged.append(after)
        if after[0]:
            break
    return _finding("overfitting", *judged[-1])


def _rest(model: Any, X: Any, y: np.ndarray) -> tuple[bool, str] | None:
    """Whether the rows are learnt, and what is left to learn; None where there is nothing to learn."""
    truth, made = model.training.dataset(X, y).y, model.predict(X)
    if np.all(truth == truth[:1]):
        return None
    rows = len(made)
    if isinstance(model.loss, losses.BinaryCrossentropy | losses.CategoricalCrossentropy):
        if isinstance(model.loss, losses.CategoricalCrossentropy):
            classes = truth if model.loss.labels else truth.argmax(axis=1)
            right = made.argmax(axis=1) == classes
        else:
            right = np.all((made > (0.0 if model.loss.from_logits else 0.5)) == (truth > 0.5), axis=1)
        return bool(right.all()), f"{int(right.sum())} of {rows} rows learnt by heart"
    if model.loss.labels:
        made = made.astype(np.float64)
        loss = float(model.loss.rows(truth, made).mean())
        return loss <= LEFT, f"a loss of {loss:.4g} left, expected at most {LEFT:g}"
    mean = np.broadcast_to(truth.mean(axis=0, dtype=np.float64), truth.shape)
    found = [float(model.loss.rows(truth, guess).mean()) for guess in (made, truth, mean)]
    share = (found[0] - found[1]) / max(found[2] - found[1], 1e-300)
    text = f"{share:.2%} left of the loss of predicting the mean of {rows} rows, expected at most {LEFT:.0%}"
    return share <= LEFT, text


def _gradient(model: Any, X: Any, y: np.ndarray) -> Finding:
    trained = np.concatenate([np.full(weight.size, weight.trainable) for _, weight in model.declared()])
    if not trained.any():
        return Finding("gradient", "failed", "no parameter is trainable")
    gradient = np.concatenate([part.ravel() for part in model.gradients(X, y)[1]])
    random, start, errors = np.random.default_rng(0), model.parameters.copy(), []
    for _ in range(DIRECTIONS):
        # in many dimensions a random direction alone is nearly at right angles to the gradient
        direction = random.normal(size=start.size) * trained
        direction /= np.linalg.norm(direction)
        direction += gradient / max(float(np.linalg.norm(gradient)), 1e-300)
        ends = []
        for side in (DIFFERENCE, -DIFFERENCE):
            model.parameters[...] = start + side * direction
            ends.append(model.gradients(X, y)[0])
        numeric, analytic = (ends[0] - ends[1]) / (2.0 * DIFFERENCE), float(gradient @ direction)
        errors.append(abs(numeric - analytic) / max(abs(numeric), abs(analytic), 1e-8))
    error = float(np.median(errors))
    if not np.any(gradient):
        return Finding("gradient", "failed", "it is zero: no parameter would move")
    text = f"relative error {error:.1e} beside differences of the loss, expected at most {ERROR:g}"
    return _finding("gradient", error <= ERROR, text)
