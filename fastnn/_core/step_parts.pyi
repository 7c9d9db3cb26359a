"""Only cdef functions: see step_parts.pxd."""
