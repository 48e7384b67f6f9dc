"""Ways to reach sound: sounddevice, pyaudio, virtual. Each is a plugin of the group `voice.backends`."""
