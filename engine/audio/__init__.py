"""Rings, the port that meets a device, the capture and the player."""
