"""What a shop's clients do to the service all day, as users of Locust, and the audit after it."""
