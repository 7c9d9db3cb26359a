"""load: any saved model from its file, by the class that the file names. The format is saving's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastnn import saving
from fastnn.network import Sequential


def load(path: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the model that `save` wrote: a Sequential or an estimator.

    Reading a file runs no code of it: classes come from fastnn's own lists, shapes are checked before memory is taken.

    Parameters
    ----------
    path : str or path-like
    custom_objects : mapping of str to object, optional
        Python code that the model was made with, by name: a loss or metric function, a schedule, an initializer's
        class. An error names what is missing.

    Returns
    -------
    Sequential, MLPClassifier or MLPRegressor
        Compiled or fitted as it was; an optimizer's state only if the file has it.

    Raises
    ------
    ValueError
        If it is no such file, or damaged, or custom_objects lacks something.
    OSError
        If it cannot be read: FileNotFoundError, IsADirectoryError, PermissionError.

    Examples
    --------
    >>> import fastnn, os, tempfile
    >>> classifier = fastnn.MLPClassifier((4,), max_iter=50, random_state=0, tol=1.0)
    >>> classifier = classifier.fit([[0.0], [1.0]] * 8, ["no", "yes"] * 8)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     classifier.save(os.path.join(folder, "yes-no.safetensors"))
    ...     loaded = fastnn.load(os.path.join(folder, "yes-no.safetensors"))
    >>> loaded.classes_
    array(['no', 'yes'], dtype='<U3')
    """
    saving.check_custom(custom_objects)
    with saving.File(path) as file:
        name = file.json("model").get("class")
        if name == "Sequential":
            model = saving.restore(file, Sequential, custom_objects)
        elif name in ("MLPClassifier", "MLPRegressor"):
            from fastnn import classifier, estimator_files, regressor

            found = {"MLPClassifier": classifier.MLPClassifier, "MLPRegressor": regressor.MLPRegressor}
            model = estimator_files.restore(file, found[name], custom_objects)
        else:
            raise ValueError(f"it has no model of a known class, received: class={str(name)[:60]!r}")
        file.check_read()
    return model
