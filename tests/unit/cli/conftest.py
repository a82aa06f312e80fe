"""The fixture `cli` and its types stand in tests/calling.py, for every tier."""

from tests.calling import Cli, Said

__all__ = ["Cli", "Said"]
