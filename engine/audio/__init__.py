"""Rings, the port that meets a device, the player and the recorder."""
