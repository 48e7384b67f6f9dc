"""The language in which people are spoken to: chosen, and put in place of English at the last moment.

Imports no other room; every other room may import it.
"""
