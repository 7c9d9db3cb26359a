"""Only cdef functions: see steps.pxd."""
