"""Several processes that serve one store on one port, and the one that looks after them."""
