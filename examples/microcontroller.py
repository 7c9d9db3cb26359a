"""Recognise a movement on a microcontroller: train a classifier, write it as C, compile and run that, compare.

    python examples/microcontroller.py [--out FOLDER] [--cc COMPILER]

Needs a C compiler. The data is made up: 16 readings of an accelerometer's three axes, at rest, shaken, or turned over.
"""

import argparse
import os
import re
import subprocess
from pathlib import Path

import numpy as np

import fastnn

READINGS = 16
MOVEMENTS = ("rest", "shake", "turn")

MAIN = """
#include <stdio.h>

int predict_class(const float *x);
void predict(const float *x, float *y);
extern const char *const class_names[{classes}];

int main(void) {{
    float x[{inputs}], y[{classes}];
    int i;
    for (;;) {{
        for (i = 0; i < {inputs}; i++) {{
            if (scanf("%f", &x[i]) != 1) return 0;
        }}
        predict(x, y);
        for (i = 0; i < {classes}; i++) printf("%.9g ", (double)y[i]);
        printf("%s\\n", class_names[predict_class(x)]);
    }}
}}
"""


def movements(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Make up readings [count, 3 * READINGS] in units of gravity, and what each is of."""
    kinds = rng.integers(len(MOVEMENTS), size=count)
    time = np.linspace(0, 1, READINGS)
    gravity = rng.normal(size=(count, 3, 1))
    gravity /= np.linalg.norm(gravity, axis=1, keepdims=True)
    axis = rng.normal(size=(count, 3, 1))
    waves = np.sin(2 * np.pi * (rng.uniform(3, 6, (count, 1, 1)) * time + rng.uniform(size=(count, 1, 1))))
    turning = np.cos(np.pi * np.clip(2 * time - rng.uniform(0, 1, (count, 1, 1)), 0, 1))
    kind = kinds[:, np.newaxis, np.newaxis]
    readings = np.where(kind == 2, gravity * turning, gravity) + np.where(kind == 1, axis * waves, 0)
    readings += rng.normal(scale=0.1, size=readings.shape)
    return readings.reshape(count, -1).astype(np.float32), np.array(MOVEMENTS)[kinds]


def main(arguments: list[str] | None = None) -> float:
    """Run the example and return the largest difference between the C program's probabilities and the model's."""
    parser = argparse.ArgumentParser(description="Train a classifier and run it as C.")
    parser.add_argument("--out", type=Path, default=Path("."), help="folder of model.c and main.c")
    parser.add_argument("--cc", default=os.environ.get("CC", "cc"), help="C compiler")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)

    rng = np.random.default_rng(0)
    X, y = movements(3000, rng)
    X_test, y_test = movements(1000, rng)
    model = fastnn.MLPClassifier((16,), learning_rate_init=0.005, early_stopping=True, random_state=0).fit(X, y)
    print(f"Accuracy of the model: {model.score(X_test, y_test):.3f}")

    source = options.out / "model.c"
    fastnn.to_c(model, source)
    size = re.search(r"Weights: .*", source.read_text())
    print(f"{source}: {size[0] if size else ''}")

    driver = options.out / "main.c"
    driver.write_text(MAIN.format(inputs=X.shape[1], classes=len(MOVEMENTS)))
    program = options.out / "movements"
    flags = ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-O2"]
    subprocess.run([*options.cc.split(), *flags, "-o", program, driver, source, "-lm"], check=True)

    rows = "\n".join(" ".join(f"{value:.9g}" for value in row) for row in X_test)
    done = subprocess.run([program.resolve()], input=rows, capture_output=True, text=True, check=True)
    *columns, labels = zip(*(line.split() for line in done.stdout.splitlines()), strict=True)
    difference = float(np.abs(np.array(columns, dtype=np.float32).T - model.predict_proba(X_test)).max())
    print(f"Accuracy of the C program: {np.mean(np.array(labels) == y_test):.3f}")
    print(f"Largest difference of a probability: {difference:.1e}")
    return difference


if __name__ == "__main__":
    main()
