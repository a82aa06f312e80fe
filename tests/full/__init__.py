"""Whole cycles of tasks and architectures: what `make test-full` covers once and `make test-soak` in all pairs."""
