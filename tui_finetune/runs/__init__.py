"""The run directory: the only truth and the only channel. Standard library only. docs/run-directory.md is its contract."""
