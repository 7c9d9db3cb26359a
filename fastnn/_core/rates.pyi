"""Only cdef functions: see passes.pxd."""
