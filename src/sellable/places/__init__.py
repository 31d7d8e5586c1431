"""Where postal codes are, and what is sea."""
