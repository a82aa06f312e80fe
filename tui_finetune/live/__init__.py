"""What a run's events mean: series, progress, words. Pure functions; no file is read and no screen is known here."""
