"""Only cdef functions: see pipeline.pxd."""
