"""The sourcing worker: finds orders at risk, sources them anew, or asks a person."""
