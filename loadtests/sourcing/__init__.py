"""Instances of sourcing problems, and how fast they are solved."""
