"""Past conversations: lists, transcripts, files of others' formats, and a page.

Imports `pages`, `view`, `terminal` and `errors`.
"""
