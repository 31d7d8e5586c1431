"""The `sourcing` section of the network document: carriers and profiles, as checked values."""
