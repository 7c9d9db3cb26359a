"""Only cdef functions: see by_layers.pxd."""
