"""Our task heads, heavy halves: imported by name in worker and helpers only."""
