"""Searching in arrays: what a backend shares that keeps its index in segments and reads them into NumPy."""
