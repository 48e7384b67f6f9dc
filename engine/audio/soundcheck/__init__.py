"""Tests of a microphone and a speaker for a person: a sweep, a diagnosis, an audition.

Imports `device` and `port`.
"""
