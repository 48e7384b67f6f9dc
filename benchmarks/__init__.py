"""Measurements behind `voice bench`: each a function that returns figures."""
