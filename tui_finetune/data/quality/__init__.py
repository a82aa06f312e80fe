"""What is in data and what is wrong with it, before anything is trained: `data profile` and `data check`."""
