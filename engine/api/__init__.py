"""The top of the engine: what `import engine` offers a program is assembled here.

May import every other room of the engine; none of them imports this one.
"""
