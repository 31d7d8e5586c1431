"""The use cases of sourcing: read the stock of the moment, decide, reserve, again on a lost race."""
