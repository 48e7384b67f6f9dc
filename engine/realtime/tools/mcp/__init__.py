"""Servers of the Model Context Protocol: their tools are offered to the model and called by us."""
