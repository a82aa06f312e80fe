"""The torch side of a run.

Imported by nobody but `python -m tui_finetune.worker` and, through `RunReporter`, a person's script.
"""
