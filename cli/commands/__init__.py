"""The commands, one file each; every body imports what it needs, so that `voice --help` stays instant."""
