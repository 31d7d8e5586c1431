"""Feeds of the back ends: streams, files and foreign logs, each row applied exactly once."""
