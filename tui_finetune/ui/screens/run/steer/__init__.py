"""Steering a run from its screen: what is asked, in sheets, and what was asked and found, in panes."""
