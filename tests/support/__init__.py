"""What tests stand on: real servers, conditions awaited with a deadline, reference models."""
