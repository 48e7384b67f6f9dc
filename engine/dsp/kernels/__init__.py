"""Kernels over plain samples, as numba compiles them. Imported by `engine.dsp.compile.build` and other kernels only."""
