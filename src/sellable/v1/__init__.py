"""The contract as Python: generated from protos/ by `poe protos`, never edited."""
