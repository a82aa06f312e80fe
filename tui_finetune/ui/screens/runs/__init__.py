"""The home screen: every job of this home."""
