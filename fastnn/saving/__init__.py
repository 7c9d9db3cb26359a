"""Models in files: one safetensors file a model, its weights as tensors, everything else as JSON in the metadata.

A file is data: reading one runs no code of it. What it may name is listed in objects.py. The format is described in
docs/files.md; rebuilding a model from a file is the work of network.Sequential and of the estimators, through
loading.py, which knows their classes.
"""

from fastnn.saving.checkpoint import Resumed, resume
from fastnn.saving.container import File, write
from fastnn.saving.objects import Decoder, Encoder, check_custom
from fastnn.saving.sequential import restore, save
from fastnn.saving.values import field

__all__ = ["Decoder", "Encoder", "File", "Resumed", "check_custom", "field", "restore", "resume", "save", "write"]
