"""Sourcing: which location ships what. Pure: orders, stock and a profile in, plans out."""
