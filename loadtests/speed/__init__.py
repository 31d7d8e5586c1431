"""Raw speed: the same bytes at every server, and what came of it as a table."""
