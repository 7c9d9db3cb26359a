"""Activations and the other steps as C99 functions: one table, from the name to the formula.

To add an activation: a line in FORMULAS, an expression of z (and alpha) in double precision; `in_type` makes it single.
Called by c_source.py.
"""

from __future__ import annotations

import re

#: f(z), in math.h's functions and numbers with a decimal point.
FORMULAS = {
    "heaviside": "z > 0.0 ? 1.0 : z < 0.0 ? 0.0 : alpha",
    "sign": "z > 0.0 ? 1.0 : z < 0.0 ? -1.0 : alpha",
    "piecewise_linear": "z > 0.5 ? 1.0 : z < -0.5 ? 0.0 : z + 0.5",
    "sigmoid": "1.0 / (1.0 + exp(-z))",
    "hard_sigmoid": "z > 3.0 ? 1.0 : z < -3.0 ? 0.0 : (z + 3.0) / 6.0",
    "tanh": "tanh(z)",
    "hard_tanh": "z > 1.0 ? 1.0 : z < -1.0 ? -1.0 : z",
    "softsign": "z / (1.0 + fabs(z))",
    "relu": "z > 0.0 ? z : 0.0",
    "relu6": "z > 6.0 ? 6.0 : z > 0.0 ? z : 0.0",
    "relu_clipped": "z <= threshold ? 0.0 : z < max_value ? z : max_value",
    "relu_general": "z <= threshold ? alpha * (z - threshold) : z < max_value ? z : max_value",
    "leaky_relu": "z < 0.0 ? alpha * z : z",
    "elu": "z < 0.0 ? alpha * expm1(z) : z",
    "selu": "1.0507009873554805 * (z < 0.0 ? 1.6732632423543772 * expm1(z) : z)",
    "softplus": "(z > 0.0 ? z : 0.0) + log1p(exp(-fabs(z)))",
    "gelu": "0.5 * z * erfc(-0.7071067811865476 * z)",
    "gelu_tanh": "0.5 * z * (1.0 + tanh(0.7978845608028654 * (z + 0.044715 * z * z * z)))",
    "silu": "z / (1.0 + exp(-z))",
    "mish": "z * tanh((z > 0.0 ? z : 0.0) + log1p(exp(-fabs(z))))",
    "exponential": "exp(z)",
}

_ELEMENTWISE = """
static void apply_{name}(real *y, int n{parameter}) {{
    int i;
    for (i = 0; i < n; i++) {{
        const real z = y[i];
        y[i] = {formula};
    }}
}}
"""

#: Steps that are no elementwise function.
FUNCTIONS = {
    "dense": """
/* y = x W + b; w holds the weights of each output in a row. */
static void dense(const real *x, const real *w, const real *b, real *y, int inputs, int outputs) {
    int i, o;
    for (o = 0; o < outputs; o++) {
        real sum = b ? b[o] : 0.0;
        for (i = 0; i < inputs; i++) {
            sum += x[i] * w[i];
        }
        y[o] = sum;
        w += inputs;
    }
}
""",
    "copy": """
static void copy(const real *x, real *y, int n) {
    int i;
    for (i = 0; i < n; i++) {
        y[i] = x[i];
    }
}
""",
    "add": """
static void add(const real *a, const real *b, real *y, int n) {
    int i;
    for (i = 0; i < n; i++) {
        y[i] = a[i] + b[i];
    }
}
""",
    "subtract_each": """
static void subtract_each(real *y, const real *c, int stride, int n) {
    int i;
    for (i = 0; i < n; i++) {
        y[i] -= c[i * stride];
    }
}
""",
    "multiply_each": """
static void multiply_each(real *y, const real *c, int stride, int n) {
    int i;
    for (i = 0; i < n; i++) {
        y[i] *= c[i * stride];
    }
}
""",
    "add_each": """
static void add_each(real *y, const real *c, int stride, int n) {
    int i;
    for (i = 0; i < n; i++) {
        y[i] += c[i * stride];
    }
}
""",
    "prelu": """
static void prelu(real *y, const real *slopes, int n) {
    int i;
    for (i = 0; i < n; i++) {
        y[i] = y[i] > 0.0 ? y[i] : slopes[i] * y[i];
    }
}
""",
    "softmax": """
static void softmax(real *y, int n) {
    real largest = y[0], total = 0.0;
    int i;
    for (i = 1; i < n; i++) {
        largest = y[i] > largest ? y[i] : largest;
    }
    for (i = 0; i < n; i++) {
        y[i] = exp(y[i] - largest);
        total += y[i];
    }
    for (i = 0; i < n; i++) {
        y[i] /= total;
    }
}
""",
    "standardize_row": """
static void standardize_row(real *y, real epsilon, int n) {
    real mean = 0.0, variance = 0.0;
    int i;
    for (i = 0; i < n; i++) {
        mean += y[i];
    }
    mean /= (real)n;
    for (i = 0; i < n; i++) {
        y[i] -= mean;
        variance += y[i] * y[i];
    }
    variance = sqrt(variance / (real)n + epsilon);
    for (i = 0; i < n; i++) {
        y[i] /= variance;
    }
}
""",
}


def activation(name: str, dtype: str) -> str:
    """Return the C function ``apply_<name>(y, n, ...)`` of an elementwise activation, with the `parameters` of it.

    Raises
    ------
    ValueError
        If there is no formula.
    """
    if name not in FORMULAS:
        known = ", ".join(["linear", "softmax", *FORMULAS])
        raise ValueError(f"expected an activation with a formula in C ({known}), received: {name!r}")
    declared = "".join(f", real {parameter}" for parameter in parameters(name))
    return in_type(_ELEMENTWISE.format(name=name, parameter=declared, formula=FORMULAS[name]), dtype)


def parameters(name: str) -> list[str]:
    """Return which numbers of a step `Activate` the formula has in it."""
    return [number for number in ("alpha", "max_value", "threshold") if re.search(rf"\b{number}\b", FORMULAS[name])]


def in_type(text: str, dtype: str) -> str:
    """Return C written for `real` in double precision as C for float (suffix f at numbers and functions) or double."""
    if dtype == "float64":
        return re.sub(r"\breal\b", "double", text)
    text = re.sub(r"\breal\b", "float", text)
    text = re.sub(r"\b(\d+\.\d+(?:e[-+]?\d+)?)\b", r"\1f", text)
    return re.sub(r"\b(exp|expm1|log1p|tanh|erfc|sqrt|fabs)\(", r"\1f(", text)


def number(value: float, dtype: str) -> str:
    """Return a C constant that reads back as the same number."""
    if value == float("inf"):
        return "HUGE_VALF" if dtype == "float32" else "HUGE_VAL"
    text = f"{value:.9g}" if dtype == "float32" else f"{value:.17g}"
    if not any(sign in text for sign in ".e"):
        text += ".0"
    return text + ("f" if dtype == "float32" else "")


def string(text: str) -> str:
    """Return a C string literal of `text` in UTF-8."""
    plain = [chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}" for byte in text.encode()]
    return '"' + "".join(plain) + '"'
