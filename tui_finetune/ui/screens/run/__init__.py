"""The screen of one run: how it goes, what it printed, what it is made of, what it leaves."""
