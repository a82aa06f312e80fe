"""The health watch: rules over the numbers of a training, and what is said of what they find. Pure functions and classes."""

from tui_finetune.live.health.lines import gradient_words, health, health_line

__all__ = ["gradient_words", "health", "health_line"]
