"""The edge of gRPC: servers, servicers, and the one place where errors become statuses."""
