"""The code keeps to DESIGN.md: what each room may import and say. Read from the sources, but for the docstrings."""

import ast
import graphlib
import importlib
import inspect
import re
from pathlib import Path

import numpy as np
import pytest

import fastnn
from fastnn._core import targets
from fastnn.testing import reference

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "fastnn"
CORE = PACKAGE / "_core"
BUILD_FILES = [ROOT / name for name in ("setup.py", "pyproject.toml", "Makefile", "MANIFEST.in", ".ci/run")]

# What is on a floor may import what is on its own floor, in no circle, and on those before it.
TYPED_KERNELS = {"dense", "activations", "losses", "optimizers", "arrays", "random", "normalization", "sparse"}
CORE_FLOORS = [
    {"targets", "checks"},
    {"threads", "teams", "company"},
    TYPED_KERNELS | {"data"},
    {
        *("plan", "heads", "passes", "workspace", "inference", "rates", "flat"),
        *("division", "pieces", "step_parts", "by_layers", "pipeline", "steps", "trainer", "meeting"),
    },
    {"engine"},
]
FLOORS = [
    {"_core"},
    {"arguments", "data", "summary", "progress", "turns", "warning"},
    {
        *("activations", "losses", "optimizers", "schedules", "initializers", "regularizers", "metrics", "layers"),
        *("constraints", "criteria"),
        *("callbacks", "config", "utils", "augmentation"),
    },
    {"saving"},
    {"datasets", "judging", "pace", "stepwise", "fitting", "training"},
    {"stack", "parameters", "forward", "network"},
    {"trials", "setup_checks", "rate_search", "plotting"},
    {
        *("compat", "standins", "standin_scores", "hyperparameters", "inputs", "labels", "solvers", "team"),
        *("binding", "blas"),
        *("epoch", "reporting", "best", "descent", "lbfgs", "scoring", "estimator_files", "fitted", "perceptron"),
        *("classifier", "regressor", "many", "shared", "seeding", "undoing"),
    },
    {"exchange", "loading"},
    {"__init__"},
]
#: What the rooms above the core may use of it.
DOORS = {"engine", "targets", "threads"} | TYPED_KERNELS


def python_files():
    """The package without its core and without fastnn.testing: {module: path}; layers.dense for layers/dense.py."""
    folders = [path.parent for path in PACKAGE.glob("*/__init__.py") if path.parent.name not in ("_core", "testing")]
    files = {path.stem: path for path in PACKAGE.glob("*.py")}
    for folder in folders:
        files |= {f"{folder.name}.{path.stem}".removesuffix(".__init__"): path for path in folder.glob("*.py")}
    return files


def python_imports(path):
    """Dotted names that a file imports, anywhere in it; `from a import b` is a.b if that is a module, else a."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            for alias in node.names:
                inside = ROOT / node.module.replace(".", "/") / alias.name
                is_module = any(inside.with_suffix(kind).exists() for kind in (".py", ".pyx")) or inside.is_dir()
                names.add(f"{node.module}.{alias.name}" if is_module else node.module)
    return names


def core_imports(stem):
    """Modules of the core that a module of the core imports or cimports."""
    found = set()
    for path in CORE.glob(f"{stem}.p*"):
        code = without_comments(path.read_text(), "#")
        for module, names in re.findall(r"^\s*from fastnn\._core(?:\.(\w+))? c?import \(?\s*([\w, ]+)", code, re.M):
            found |= {module} if module else {name.strip() for name in names.split(",")}
        assert not re.search(r"^\s*(c?import|from) fastnn(?!\._core)", code, re.M), f"{path.name} looks upstairs"
    return found - {stem}


def without_comments(code, kind):
    pattern = {"c": r"/\*.*?\*/|//[^\n]*", "#": r"#[^\n]*|\"\"\".*?\"\"\""}[kind]
    return re.sub(pattern, "", code, flags=re.S)


def kernel_sources():
    return [path for path in (ROOT / "csrc").rglob("*.[ch]") if path.parent.name != "tests"]


def cython_sources():
    return sorted(CORE.glob("*.pyx")) + sorted(CORE.glob("*.pxd"))


def check_floors(floors, imports):
    """Raise unless every module is on a floor and imports only its own floor, in no circle, and those before it."""
    level = {name: number for number, floor in enumerate(floors) for name in floor}
    assert set(imports) == set(level) - {"_core"}
    upwards = [(name, other) for name in imports for other in imports[name] if level[other] > level[name]]
    assert not upwards
    graphlib.TopologicalSorter(imports).prepare()  # raises CycleError


# ---- imports ---------------------------------------------------------------------------------------------------------


def test_the_core_imports_one_way():
    stems = {path.stem for path in CORE.glob("*.p*")} - {"__init__"}
    check_floors(CORE_FLOORS, {stem: core_imports(stem) for stem in stems})


def test_the_package_imports_one_way():
    def rooms(path):
        own = [name.split(".") for name in python_imports(path) if name.split(".")[0] == "fastnn"]
        return {parts[1] if len(parts) > 1 else "__init__" for parts in own}

    imports = {}
    for name, path in python_files().items():
        room = name.split(".")[0]
        imports[room] = imports.get(room, set()) | rooms(path) - {room}
    check_floors(FLOORS, imports)


def test_nothing_imports_tests_bench_or_testing():
    for path in [*python_files().values(), *CORE.glob("*.py")]:
        for name in python_imports(path):
            assert name.split(".")[0] not in ("tests", "bench"), path.name
            assert not name.startswith("fastnn.testing"), path.name


def test_the_core_is_entered_by_its_doors():
    for path in [*python_files().values(), *(PACKAGE / "testing").rglob("*.py")]:
        entered = {name.split(".")[2] for name in python_imports(path) if name.startswith("fastnn._core.")}
        assert entered <= DOORS, path.name


def test_only_compat_knows_scikit_learn():
    for name, path in python_files().items():
        roots = {imported.split(".")[0] for imported in python_imports(path)}
        assert name == "compat" or not roots & {"sklearn", "scipy"}, name


# ---- csrc and the core -----------------------------------------------------------------------------------------------


def test_kernels_know_no_python_threads_memory_or_output():
    forbidden = r"Python\.h|omp\.h|#\s*pragma\s+omp|stdlib\.h|stdio\.h|pthread|\bomp_\w+|" + (
        r"\b(malloc|calloc|realloc|free|\w*printf|exit|abort)\s*\("
    )
    for path in kernel_sources():
        assert not re.findall(forbidden, without_comments(path.read_text(), "c")), path.name


def test_kernels_have_no_mutable_state():
    """But for a thread's room for copies, which is that thread's alone."""
    for path in kernel_sources():
        for line in without_comments(path.read_text(), "c").splitlines():
            at_file_level = re.match(r"\w[^(]*[=;]", line) and not re.match(r"typedef|enum|return", line)
            if at_file_level or re.match(r"\s+static\b[^(]*[=;]", line):  # or a variable that outlives its function
                assert "const" in line or "_Thread_local" in line, f"{path.name}: {line}"


def test_float_or_double_is_decided_in_one_place():
    deciding = {path.name for path in cython_sources() if re.search(r"\bif real is\b", path.read_text())}
    assert deciding == {"targets.pxd"}


def test_every_parallel_region_says_how_many_threads():
    regions = 0
    for path in cython_sources():
        for call in re.findall(r"\b(?:parallel|prange)\([^)]*\)", without_comments(path.read_text(), "#")):
            regions += 1
            assert "num_threads" in call, f"{path.name}: {call}"
    assert regions


def test_every_compiled_module_has_a_stub():
    assert {path.stem for path in CORE.glob("*.pyx")} == {path.stem for path in CORE.glob("*.pyi")}


# ---- twins -----------------------------------------------------------------------------------------------------------

#: Fields of the kernel table whose twin has another name; tile sizes and the peak's measurement have none.
TWINS = {
    "product": "dense_forward",
    "product_at": "dense_weight_gradient",
    "product_bt": "dense_input_gradient",
    "optimizer": "update",
    **dict.fromkeys(("gather_f32", "gather_f64", "gather_u8"), "gather"),
}
WITHOUT_TWIN = {"multiply_add_peak"}


def test_every_kernel_has_a_twin():
    table = without_comments((ROOT / "csrc" / "kernel_table.inc.h").read_text(), "c")
    fields = set(re.findall(r"\(\*(\w+)(?:\[\w+\])?\)\(", table))
    assert fields >= WITHOUT_TWIN | set(TWINS)
    for field in fields - WITHOUT_TWIN:
        assert callable(getattr(reference, TWINS.get(field, field), None)), field


def test_every_entry_of_the_lists_has_a_twin():
    entries = dict.fromkeys(("ACTIVATION", "LOSS", "OPTIMIZER"))
    for define in (ROOT / "csrc" / "lists.h").read_text().split("#define FN_")[1:]:
        entries[define.split("_")[0]] = set(re.findall(r"\bX\((\w+),", define))
    assert entries["ACTIVATION"] == set(targets.ACTIVATIONS)
    assert entries["LOSS"] == set(targets.LOSSES)
    assert entries["OPTIMIZER"] == set(reference.OPTIMIZERS) == set(targets.OPTIMIZERS)
    for name, (_, truth, *_) in targets.LOSSES.items():  # raises for an unknown name, as do the next
        reference.loss(name, np.array([[0.2, 0.8]]), np.array([1]) if truth else np.array([[0.0, 1.0]]))
    for name, (_, _, alpha) in targets.ACTIVATIONS.items():
        reference.activation_forward(name, [[0.5]], alpha)
        if fastnn.activations.differentiable(name):
            reference.activation_backward(name, [[0.5]], [[1.0]], alpha)


# ---- files -----------------------------------------------------------------------------------------------------------


def test_setup_is_short():
    assert len((ROOT / "setup.py").read_text().splitlines()) <= 40


@pytest.mark.parametrize("path", [*PACKAGE.rglob("*.py"), *CORE.glob("*.pyx")], ids=lambda path: path.name)
def test_files_fit_in_one_head(path):
    assert len(path.read_text().splitlines()) <= 420


def test_builds_are_for_any_cpu_and_keep_nan():
    for path in filter(Path.exists, BUILD_FILES):
        assert not re.search(r"-f?fast-math|-Ofast|-march=native|-mcpu=native|-mtune=native", path.read_text()), path


def test_nothing_loads_pickles():
    for path in PACKAGE.rglob("*.py"):
        roots = {name.split(".")[0] for name in python_imports(path)}
        assert not roots & {"pickle", "cPickle", "dill", "joblib", "marshal", "shelve"}, path.name


def test_texts_name_the_distribution():
    """On PyPI "fastnn" is somebody else's."""
    folders = [ROOT, *(ROOT / name for name in ("fastnn", "csrc", "docs", "bench", "examples", "tests", ".ci"))]
    kinds = {".py", ".pyx", ".pxd", ".pyi", ".md", ".toml", ".txt", ".yml", ".c", ".h", ""}
    files = {path for folder in folders[1:] for path in folder.rglob("*")} | set(ROOT.glob("*"))
    for path in files:
        if path.is_file() and path.suffix in kinds and ".venv" not in path.parts:
            assert not re.search(r"(pip|uv|pipx) +install +[^\n]*\bfastnn(?![-\w/.])", path.read_text()), path


# ---- documentation ---------------------------------------------------------------------------------------------------


def public():
    """Every public class and function of the modules in fastnn.__all__, those in it included: {name: object}."""
    found = {}
    for name in fastnn.__all__:
        thing = getattr(fastnn, name)
        if inspect.ismodule(thing):
            for key, value in vars(thing).items():
                if not key.startswith("_") and f"{getattr(value, '__module__', '')}.".startswith(f"{thing.__name__}."):
                    found[f"{name}.{key}"] = value
        elif callable(thing):
            found[name] = thing
    return {name: thing for name, thing in found.items() if inspect.isclass(thing) or inspect.isfunction(thing)}


@pytest.mark.parametrize("name", public())
def test_public_names_are_documented(name):
    thing = public()[name]
    assert vars(thing).get("__doc__") if inspect.isclass(thing) else thing.__doc__
    assert not inspect.isclass(thing) or ">>> " in thing.__doc__, "a class needs an example"


def test_every_public_module_says_what_it_is():
    for stem in python_files():
        module = importlib.import_module("fastnn" if stem == "__init__" else f"fastnn.{stem}")
        assert module.__doc__, stem
