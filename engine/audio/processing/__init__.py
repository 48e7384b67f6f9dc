"""What is done to the microphone before anybody hears it? Echo, noise and gain, in blocks, on a thread of its own.

A chain of processors stands between the capture ring and `engine.audio.capture`. May import the port, the kernels'
layouts and `engine.dsp`; nothing of playback, recovery or the session.
"""
