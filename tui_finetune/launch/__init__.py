"""From a recipe to a worker: check, handoff, launchers, devices. No torch."""
