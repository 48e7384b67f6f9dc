"""The tool host: a process for a person's own tools, so that nothing they do is noticed by the conversation.

A session starts and calls it (`host`, `process`); `__main__` is what runs there. Imports the rest of `tools`.
"""
