"""Kernels as C functions in one object file: compiled by numba once for a machine, loaded without it afterwards.

`kernel` declares what is compiled, `build` compiles it, `cache` keeps the result, and `library` loads and calls it.
Only `build`, `declare` and `intrinsics` import numba; nothing that a session runs imports them.
"""
