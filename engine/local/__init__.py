"""The embedded Realtime server: listens and speaks offline, in a process of its own."""
