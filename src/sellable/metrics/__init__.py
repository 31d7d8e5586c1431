"""Metrics: plain counters of every process, added up, and told to Prometheus when it asks."""
