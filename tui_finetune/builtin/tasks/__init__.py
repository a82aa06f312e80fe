"""Our tasks, light halves."""

from tui_finetune.plugin_api import Task

TASKS: tuple[Task, ...] = ()
