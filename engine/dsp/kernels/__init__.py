"""Source of the compiled kernels; these modules import numba, and nothing imports them once they are compiled."""
