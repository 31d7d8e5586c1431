"""Real orders of a marketplace, replayed under the rules of an OMS and under sourcing profiles."""
