"""Kernels on, or shared with, the audio thread, and the layouts of their memory.

Imported by `engine.dsp.compile.build`, other kernels and callbacks of backends only; but for the layouts (`control`,
`ring_layout`, `capture_layout`), which Python reads too and which import nothing.
"""
