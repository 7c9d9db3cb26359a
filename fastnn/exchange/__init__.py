"""Models of other libraries, of ONNX files and in plain C: from there to here, and from here to there.

Each function is `fastnn`'s own (`fastnn.to_onnx`, ...), loaded when first used. `steps` is what all of them share: what
a model computes at inference, as a list of a few kinds of steps. Writers go from a model to steps (`describe`), readers
from steps to a model (`build`).
"""
