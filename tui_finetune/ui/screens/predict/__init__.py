"""The screen that tries models: one text, a file, two models beside each other, what was kept."""
