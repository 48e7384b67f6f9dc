"""Compiled kernels over plain arrays: conversion, gain, meters, resampling. Knows nothing else of the engine."""
