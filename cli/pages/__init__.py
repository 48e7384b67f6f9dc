"""Pages: one file each that needs no network, in one look.

Imports `terminal`.
"""
