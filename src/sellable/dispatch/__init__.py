"""The use cases of sourcing: read the stock, decide, reserve; again on a lost race."""
