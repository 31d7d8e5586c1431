"""Finds the best plan of a problem that is all numbers, and proves it."""
