"""The screen of an evaluation: its figures, its labels, what was taken for what, its rows, another one beside it."""
