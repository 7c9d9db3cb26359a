"""Loads damaged files in a process of its own, with little memory: ``python -m tests.saving.damage FOLDER COUNT SEED``.

Every mutation of every *.safetensors of FOLDER has to give a model that predicts, or a ValueError; the process ends at
any other exception, and where loading took more memory than twice the file and ALLOWANCE. SEED "hypothesis" has that
library think of the mutations. Prints how many were loaded and refused, and the most memory beyond twice the file.
"""

import ctypes
import gc
import json
import re
import resource
import struct
import sys
import warnings
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fastnn

#: What Python's objects may take beyond twice the file, for files as small as these and headers as short.
ALLOWANCE = 4 << 20
#: Addresses that are taken and not used, by the allocator and by threads; also what hypothesis keeps of its examples.
UNUSED = 64 << 20
HYPOTHESIS = 256 << 20
#: Numbers that sizes and counts are changed to.
NUMBERS = (-1, 0, 1, 2, 7, 255, 1 << 31, (1 << 31) - 1, 1 << 40, 1 << 60, (1 << 63) - 1, 1 << 64, 1e308, 0.5)
PIECES = (
    *("null", "true", "[]", "{}", '"x"', "[[1]]", '{"type":"tuple","items":[]}', "NaN", "1e999", "[" * 5000, '"'),
    *(
        f'{{"type":"{kind}","name":"{name}"}}'
        for kind in ("tensor", "numbers")
        for name in ("dense.kernel", "coefs_.0")
    ),
    '{"type":"name","name":"activations.relu"}',
    '{"type":"object","name":"layers.Dense","config":{"units":1099511627776}}',
    "[" + ",".join(['{"type":"array","dtype":"<U2000000","shape":[1],"values":["a"]}'] * 40) + "]",
    "[" + ",".join(['{"type":"tensor","name":"optimizer.states"}'] * 40) + "]",
)


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


HERE = "@@here@@"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.sampled_from(NUMBERS),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9) | st.just("type"), inner, max_size=4)
    ),
    max_leaves=9,
)


@st.composite
def damaged(draw, files):
    """A file with a few bytes replaced, or with a value of its metadata or of a tensor's entry replaced by another."""
    data = draw(st.sampled_from(files))
    end = 8 + struct.unpack("<Q", data[:8])[0]
    if draw(st.booleans()):
        for _ in range(draw(st.integers(1, 4))):
            place = draw(st.integers(0, end if draw(st.booleans()) else len(data)))
            data = data[:place] + draw(st.binary(max_size=9)) + data[place + draw(st.integers(0, 9)) :]
        return data
    header = json.loads(data[8:end])
    texts = header["__metadata__"]
    key = draw(st.sampled_from(sorted(header)))
    inside = draw(st.sampled_from(sorted(texts))) if key == "__metadata__" else None
    value = header[key] if inside is None else json.loads(texts[inside])
    path = draw(st.sampled_from(list(_spots(value))))
    if path:
        holder = value
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = draw(VALUES)
    else:
        value = draw(VALUES)
    if inside is None:
        header[key] = value
    else:
        texts[inside] = json.dumps(value)
    return _assembled(header, data[end:])


MUTATIONS = (flipped, cut, longer, sized, overwritten, rewritten, rewritten, rewritten, reshaped)


#: The most memory beyond twice the file so far.
most = 0
TRIM = ctypes.CDLL(None).malloc_trim  # memory that was freed is the system's again


def memory(name):
    """Bytes of this process, VmRSS or its peak VmHWM, as Linux counts them."""
    return 1024 * int(re.search(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text()).group(1))


def loads(path):
    """Whether the file at `path` is loaded; then the model predicts. Any exception but ValueError leaves."""
    global most
    if path.stat().st_size > 1 << 20:  # large models of the files before, which wait for it
        gc.collect()
    TRIM(0)
    Path("/proc/self/clear_refs").write_text("5")  # the peak is measured from here
    before = memory("VmRSS")
    try:
        model = fastnn.load(path)
    except ValueError as error:
        if str(path) not in str(error):
            raise AssertionError("the error does not name the file") from error
        model = None
    beyond = memory("VmHWM") - before - 2 * path.stat().st_size
    if beyond > ALLOWANCE:
        raise AssertionError(f"{beyond} bytes beyond twice the file")
    most = max(most, beyond)
    if model is None:
        return False
    inputs = getattr(model, "n_features_in_", None) or getattr(model, "inputs", None)
    if type(inputs) is int and (hasattr(model, "coefs_") or hasattr(model, "parameters")):
        with np.errstate(all="ignore"):
            model.predict(np.zeros((2, inputs)))
    return True


def main(folder, count, seed):
    warnings.simplefilter("ignore")
    files = [path.read_bytes() for path in sorted(Path(folder).glob("*.safetensors"))]
    target = Path(folder) / "mutated"
    for data in files:  # what has to be imported is, before memory is short
        target.write_bytes(data)
        fastnn.load(target)
        assert loads(target)
    gc.freeze()  # what is there by now need not be looked at again
    in_use = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    largest = max(map(len, files))
    own = 6 * largest + (HYPOTHESIS if seed == "hypothesis" else UNUSED)  # to make mutations, and to predict
    limit = in_use + 2 * largest + ALLOWANCE + own
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    counts = [0, 0]

    def see(data):
        target.unlink()  # to write over a file would wait for the disk
        target.write_bytes(data)
        counts[loads(target)] += 1

    if seed == "hypothesis":
        same = settings(max_examples=int(count), derandomize=True, deadline=None, suppress_health_check=HealthCheck)
        same(given(damaged(files))(see))()
    else:
        rng = np.random.default_rng(int(seed))
        for number in range(int(count)):
            mutation = MUTATIONS[number % len(MUTATIONS)]
            see(mutation(files[number // len(MUTATIONS) % len(files)], rng))
    print(json.dumps({"loaded": counts[True], "refused": counts[False], "most": most}))


if __name__ == "__main__":
    main(*sys.argv[1:])
