"""to_c: a model as one C99 file that needs nothing but math.h.

Layout of the file: a comment that says what it is and how many bytes it takes, the constants, one function for each
kind of step that occurs, and `predict`, which calls them. The functions stand in c_formulas.py.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from fastnn.config import __version__
from fastnn.exchange.c_formulas import FUNCTIONS, activation, in_type, number, parameters, string
from fastnn.exchange.describe import program
from fastnn.exchange.steps import (
    Activate,
    Array,
    BatchNorm,
    Complement,
    Dense,
    LayerNorm,
    PRelu,
    Program,
    Residual,
    Scale,
    width_after,
)
from fastnn.saving.atomic import replace_bytes


def to_c(model: Any, path: str | os.PathLike[str]) -> None:
    """Write a model as one C99 file: constants, and ``void predict(const float *x, float *y)`` for one row.

    The file allocates nothing, includes math.h alone, and keeps its scratch in static arrays, so that the linker for a
    microcontroller sees all memory there is; its first comment states the bytes, how to compile it and how to call it.
    A float64 model reads and writes double. A classifier's y is what `predict_proba` returns, and where a row has one
    label there is ``int predict_class(const float *x)``, an index of ``class_names``. Layers that act in training
    alone (dropout, noise) leave no trace.

    Parameters
    ----------
    model : Sequential, MLPClassifier, MLPRegressor, or scikit-learn's Pipeline of scalers and one of these
        Built or fitted.
    path : str or path-like
        Replaced where it exists.

    Raises
    ------
    TypeError
        If it is no such model.
    ValueError
        If the model has no parameters yet, some that are not finite, or a layer or activation without a formula in C.
    OSError
        If the file cannot be written; it names the path and the cause.

    Examples
    --------
    >>> import fastnn, os, tempfile
    >>> model = fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(2, "tanh")])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.c")
    ...     fastnn.to_c(model, path)
    ...     with open(path) as file:
    ...         "void predict(const float *x, float *y)" in file.read()
    True
    """
    replace_bytes(path, _Source(program(model)).text().encode("ascii"))


class _Source:
    """The parts of the file in the making."""

    def __init__(self, described: Program) -> None:
        self.program = described
        self.dtype = described.dtype
        self.real = in_type("real", described.dtype)
        self.single_label = described.classes is not None and not described.multilabel
        self.constants: list[str] = []
        self.numbers = 0  # in `constants`
        self.functions: dict[str, str] = {}
        self.calls: list[str] = []
        self.buffers: list[int] = []  # the width of each
        self.free: list[int] = []

    def text(self) -> str:
        """The whole file."""
        self._run(self.program.steps, "x", self.program.inputs, writable=False, target="y")
        buffers = [f"static {self.real} buffer_{index}[{width}];\n" for index, width in enumerate(self.buffers)]
        calls = "".join(f"    {call}\n" for call in self.calls)
        parts = [
            self._head(),
            f"#include <math.h>\n\n{self._declarations()}",
            "".join(self.constants),
            "".join(buffers),
            *self.functions.values(),
            f"void predict(const {self.real} *x, {self.real} *y) {{\n{calls}}}\n",
            self._class_function() if self.single_label else "",
        ]
        return "\n".join(part.lstrip("\n") for part in parts if part)

    # ---- what the file says about itself -------------------------------------------------------------------------

    def _declarations(self) -> str:
        lines = [f"void predict(const {self.real} *x, {self.real} *y);"]
        if self.single_label:
            lines += [f"int predict_class(const {self.real} *x);", f"extern const char *const class_names[{self._n}];"]
        return "\n".join(lines) + "\n"

    def _head(self) -> str:
        size = 4 if self.dtype == "float32" else 8
        widths = [self.program.inputs]
        for step in self.program.steps:
            if isinstance(step, (Dense, Residual)):
                widths.append(width_after([step], widths[-1]))
        scratch = sum(self.buffers) + (self.program.outputs if self.single_label else 0)
        lines = [
            f"Multilayer perceptron {'-'.join(map(str, widths))}, written by fastnn {__version__}.",
            "",
            *self._declarations().splitlines(),
            "",
            f"x: {self.program.inputs} numbers, y: {self.program.outputs} numbers, which do not overlap.",
            "Scratch is static: one call at a time.",
            *(
                ["predict_class returns the index of the largest y, which is its name's in class_names."]
                * self.single_label
            ),
            f"Weights: {self.numbers * size} bytes, constant. Scratch: {scratch * size} bytes.",
            "",
            "Compile with cc -std=c99 -O2 -c, link with -lm. For two models in one program rename one model:",
            "-Dpredict=other_predict, and so on for each of the names above.",
        ]
        return "/* " + "\n * ".join(lines).replace(" * \n", " *\n") + "\n */\n"

    # ---- steps ----------------------------------------------------------------------------------------------------

    def _run(
        self, steps: list[Any], place: str, width: int, *, writable: bool, target: str | None = None
    ) -> tuple[str, bool]:
        """Write the calls of `steps` on the `width` numbers at `place`, which only `writable` allows to overwrite.

        The result goes to `target`, if one is given: from the last step that does not work in place on. Returns where
        it is, and whether that is scratch or the target.
        """
        moving = [index for index, step in enumerate(steps) if isinstance(step, (Dense, Residual))]
        last = moving[-1] if moving else -1
        for index, step in enumerate(steps):
            if index not in moving:
                if not writable:
                    before, place = place, (target if target and last < 0 else self._take(width))
                    self._call("copy", before, place, width)
                    writable = True
                self._in_place(step, place, width)
                continue
            into = target if index == last else None
            write = self._dense if isinstance(step, Dense) else self._residual
            moved = write(step, place, width, into)
            if writable:
                self._give(place)
            place, width, writable = moved, width_after([step], width), True
        if target and place != target:
            self._call("copy", place, target, width)
        return target or place, writable

    def _dense(self, step: Dense, place: str, width: int, into: str | None) -> str:
        outputs = step.kernel.shape[1]
        kernel = self._constant("kernel", step.kernel.T)
        bias = "0" if step.bias is None else self._constant("bias", step.bias)
        into = into or self._take(outputs)
        self._call("dense", place, kernel, bias, into, width, outputs)
        return into

    def _residual(self, step: Residual, place: str, width: int, into: str | None) -> str:
        outputs = width_after([step], width)
        branch, fresh = self._run(step.branch, place, width, writable=False)
        if step.projection is not None:
            skipped = into = self._dense(step.projection, place, width, into)
        else:
            skipped, into = place, into or (branch if fresh else self._take(outputs))
        self._call("add", skipped, branch, into, outputs)
        if fresh and branch != into:
            self._give(branch)
        return into

    def _in_place(self, step: Any, place: str, width: int) -> None:
        if isinstance(step, Activate) and step.name == "softmax":
            self._call("softmax", place, width)
        elif isinstance(step, Activate):
            self.functions.setdefault(step.name, activation(step.name, self.dtype))
            numbers = [number(getattr(step, parameter), self.dtype) for parameter in parameters(step.name)]
            self._write(f"apply_{step.name}", place, width, *numbers)
        elif isinstance(step, BatchNorm):
            self._in_place(step.as_scale(), place, width)
        elif isinstance(step, Scale):
            for function, name in (("subtract_each", "center"), ("multiply_each", "factor"), ("add_each", "shift")):
                self._by_column(function, place, name, getattr(step, name), width)
        elif isinstance(step, LayerNorm):
            self._call("standardize_row", place, number(step.epsilon, self.dtype), width)
            self._by_column("multiply_each", place, "gamma", step.gamma, width)
            self._by_column("add_each", place, "beta", step.beta, width)
        elif isinstance(step, PRelu):
            self._call("prelu", place, self._constant("slopes", step.slopes), width)
        elif isinstance(step, Complement):
            self.calls += [f"{place}[1] = {place}[0];", f"{place}[0] = {number(1.0, self.dtype)} - {place}[1];"]
        else:
            raise TypeError(f"no C for {type(step).__name__}")

    def _by_column(self, function: str, place: str, name: str, values: Array | None, width: int) -> None:
        if values is not None:
            self._call(function, place, self._constant(name, values), min(values.size - 1, 1), width)

    # ---- parts of the file ----------------------------------------------------------------------------------------

    def _call(self, function: str, *arguments: Any) -> None:
        """Write a call of one of FUNCTIONS."""
        self.functions.setdefault(function, in_type(FUNCTIONS[function], self.dtype))
        self._write(function, *arguments)

    def _write(self, function: str, *arguments: Any) -> None:
        self.calls.append(f"{function}({', '.join(map(str, arguments))});")

    def _constant(self, base: str, values: Array) -> str:
        """Keep numbers and return the array's name."""
        flat = values.reshape(-1)
        name = f"{base}_{len(self.constants) + 1}"
        texts = [number(value, self.dtype) for value in flat.tolist()]
        per_line = 8 if self.dtype == "float32" else 5
        lines = [", ".join(texts[start : start + per_line]) for start in range(0, len(texts), per_line)]
        self.constants.append(
            f"static const {self.real} {name}[{flat.size}] = {{\n    " + ",\n    ".join(lines) + "\n};\n"
        )
        self.numbers += flat.size
        return name

    def _take(self, width: int) -> str:
        """Return a scratch buffer of at least that width."""
        if not self.free:
            self.free.append(len(self.buffers))
            self.buffers.append(0)
        index = self.free.pop()
        self.buffers[index] = max(self.buffers[index], width)
        return f"buffer_{index}"

    def _give(self, place: str) -> None:
        self.free.append(int(place.removeprefix("buffer_")))

    @property
    def _n(self) -> int:
        return self.program.outputs

    def _class_function(self) -> str:
        assert self.program.classes is not None
        # two probabilities may stand for a single class
        names = self.program.classes.take(np.arange(self._n), mode="clip")
        listed = ",\n    ".join(string(str(name)) for name in names)
        return f"""
const char *const class_names[{self._n}] = {{
    {listed}
}};

int predict_class(const {self.real} *x) {{
    static {self.real} y[{self._n}];
    int i, largest = 0;
    predict(x, y);
    for (i = 1; i < {self._n}; i++) {{
        largest = y[i] > y[largest] ? i : largest;
    }}
    return largest;
}}
"""
