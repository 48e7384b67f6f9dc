"""What can a program do with it? The top of the engine: what `import engine` offers is assembled here.

May import every other room of the engine; none of them imports this one.
"""
