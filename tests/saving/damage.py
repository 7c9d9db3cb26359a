"""Loads damaged files in a process of its own, with little memory: ``python -m tests.saving.damage FOLDER COUNT SEED``.

Every mutation of every *.safetensors of FOLDER has to give a model that predicts, or a ValueError; the process ends at
any other exception. Prints how many were loaded and refused.
"""

import json
import resource
import struct
import sys
import warnings
from pathlib import Path

import numpy as np

import fastnn

#: What Python, NumPy and the header may take beyond twice the file.
ALLOWANCE = 96 << 20
#: Numbers that sizes and counts are changed to.
NUMBERS = (-1, 0, 1, 2, 7, 255, 1 << 31, (1 << 31) - 1, 1 << 40, 1 << 60, (1 << 63) - 1, 1 << 64, 1e308, 0.5)
PIECES = ("null", "true", "[]", "{}", '"x"', "[[1]]", '{"type":"tuple","items":[]}', "NaN", "1e999", "[" * 5000, '"')


def flipped(data, rng):
    mutated = bytearray(data)
    for _ in range(rng.integers(1, 9)):
        mutated[rng.integers(len(mutated))] ^= 1 << rng.integers(8)
    return bytes(mutated)


def cut(data, rng):
    return data[: rng.integers(len(data))]


def longer(data, rng):
    return data + rng.bytes(rng.integers(1, 99))


def sized(data, rng):
    """The header's length says something else."""
    size = int(rng.choice([0, 1, 8, len(data) - 8, len(data), 1 << 31, 1 << 60]))
    return struct.pack("<Q", size if rng.random() < 0.7 else int(rng.integers(1 << 62))) + data[8:]


def overwritten(data, rng):
    """A part of the header is replaced by another part of it."""
    end = 8 + struct.unpack("<Q", data[:8])[0]
    length = int(rng.integers(1, 30))
    source, target = (int(place) for place in rng.integers(8, end - length, 2))
    return data[:target] + data[source : source + length] + data[target + length :]


def _spots(value, path=()):
    """Paths of all values within a JSON value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _spots(item, (*path, key))


def rewritten(data, rng):
    """A value of the JSON is another, and the file is well formed otherwise."""
    end = 8 + struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:end])
    texts = header["__metadata__"]
    key = sorted(texts)[rng.integers(len(texts))]
    value = json.loads(texts[key])
    spots = list(_spots(value))
    path = spots[rng.integers(len(spots))]
    mark = "@@here@@"
    if path:
        holder = value
        for step in path[:-1]:
            holder = holder[step]
        if rng.random() < 0.2:
            del holder[path[-1]]
        else:
            holder[path[-1]] = mark
    else:
        value = mark
    new = json.dumps(NUMBERS[rng.integers(len(NUMBERS))]) if rng.random() < 0.5 else PIECES[rng.integers(len(PIECES))]
    texts[key] = json.dumps(value).replace(json.dumps(mark), new)
    return _assembled(header, data[end:])


def reshaped(data, rng):
    """A tensor of another shape, dtype, place or name."""
    end = 8 + struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:end])
    names = sorted(set(header) - {"__metadata__"})
    if not names:
        return flipped(data, rng)
    name = names[rng.integers(len(names))]
    tensor = header[name]
    what = rng.integers(5)
    if what == 0:
        tensor["shape"] = [int(NUMBERS[rng.integers(12)]) for _ in range(rng.integers(4))]
    elif what == 1:
        tensor["shape"] = tensor["shape"][::-1]
    elif what == 2:
        tensor["dtype"] = ("F64", "F32", "F16", "BF16", "I32", "BOOL", "F8_E4M3", "X")[rng.integers(8)]
    elif what == 3:
        tensor["data_offsets"][rng.integers(2)] = int(NUMBERS[rng.integers(12)])
    else:
        header[names[rng.integers(len(names))] + "x" * int(rng.integers(2))] = header.pop(name)
    return _assembled(header, data[end:])


def _assembled(header, tensors):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + tensors


MUTATIONS = (flipped, cut, longer, sized, overwritten, rewritten, rewritten, rewritten, reshaped)


def loads(path):
    """Whether the file at `path` is loaded; then the model predicts. Any exception but ValueError leaves."""
    try:
        model = fastnn.load(path)
    except ValueError as error:
        if str(path) not in str(error):
            raise AssertionError("the error does not name the file") from error
        return False
    inputs = getattr(model, "n_features_in_", None) or getattr(model, "inputs", None)
    if type(inputs) is int and (hasattr(model, "coefs_") or hasattr(model, "parameters")):
        with np.errstate(all="ignore"):
            model.predict(np.zeros((2, inputs)))
    return True


def main(folder, count, seed):
    warnings.simplefilter("ignore")
    files = [path.read_bytes() for path in sorted(Path(folder).glob("*.safetensors"))]
    rng = np.random.default_rng(int(seed))
    target = Path(folder) / "mutated"
    for data in files:  # what has to be imported is, before memory is short
        target.write_bytes(data)
        assert loads(target)
    in_use = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limit = in_use + 2 * max(map(len, files)) + ALLOWANCE
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    loaded = 0
    for number in range(int(count)):
        mutation = MUTATIONS[number % len(MUTATIONS)]
        target.write_bytes(mutation(files[number // len(MUTATIONS) % len(files)], rng))
        loaded += loads(target)
    print(json.dumps({"loaded": loaded, "refused": int(count) - loaded}))


if __name__ == "__main__":
    main(*sys.argv[1:])
