"""Sources to extensions, kernels first since they take longest, and OpenMP flags. All else is in pyproject.toml."""

import os
import sys
from glob import glob

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup

OPTIMIZE = ["-g0", "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math", "-Wno-psabi"]
OPENMP = {  # platform: (compile, link)
    "linux": (["-fopenmp"], ["-fopenmp"]),
    "darwin": (["-Xpreprocessor", "-fopenmp"], ["-lomp"]),
    "win32": (["-openmp"], []),
}
compile_openmp, link_openmp = OPENMP.get(sys.platform if os.environ.get("FASTNN_OPENMP") != "0" else "", ([], []))
SHARED = "fastnn._core._cyutility"  # Cython's memory views, one module for all: an eighth of a wheel less
# A twentieth of a wheel: names of static functions (FASTNN_SYMBOLS=1 keeps them, for profilers); unwind tables.
STRIP = ["-Wl,-s"] if sys.platform == "linux" and os.environ.get("FASTNN_SYMBOLS") != "1" else []


def extension(path):
    # csrc is linked into one module; the others reach it through that one's .pxd
    kernels = ["csrc/dispatch.c", *sorted(glob("csrc/targets/*.c"))] if path.endswith("targets.pyx") else []
    return Extension(
        os.path.splitext(path)[0].replace(os.sep, "."),
        [path, *kernels],
        include_dirs=["csrc", "fastnn/_core", numpy.get_include()],
        define_macros=[("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION")],
        extra_compile_args=["-O3" if kernels else "-O2", "-fno-asynchronous-unwind-tables", *OPTIMIZE, *compile_openmp],
        extra_link_args=[*link_openmp, *STRIP],
        depends=glob("csrc/**/*.h", recursive=True) if kernels else glob("csrc/*.h") + glob("fastnn/_core/*.h"),
    )


paths = [*sorted(glob("fastnn/_core/*.pyx"), key=lambda p: "targets" not in p), SHARED.replace(".", os.sep) + ".c"]
modules = cythonize([extension(path) for path in paths], shared_utility_qualified_name=SHARED)
setup(ext_modules=modules, options={"build_ext": {"parallel": os.cpu_count()}})
