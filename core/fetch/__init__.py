"""The b4 worker process and its client."""
