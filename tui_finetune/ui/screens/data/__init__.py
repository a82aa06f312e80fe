"""Data: looked at before anything is trained on them."""
