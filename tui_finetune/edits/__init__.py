"""Edits of rows, kept beside the data: nothing is ever written into the source."""
