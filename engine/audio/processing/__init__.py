"""Echo cancellation, noise suppression and gain of the microphone, in blocks, on a thread of their own.

A chain of processors stands between the capture ring and `engine.audio.capture`. May import the port, the kernels'
layouts and `engine.dsp`; nothing of playback, recovery or the session.
"""
