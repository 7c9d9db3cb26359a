"""Only cdef functions: see heads.pxd."""
