"""The checks of `voice doctor`.

Imports `devices`, `kernels` and `errors`.
"""
