"""Only cdef functions: see rates.pxd."""
