"""The audio engine and the Realtime session of `voice`; see the floors in README."""
