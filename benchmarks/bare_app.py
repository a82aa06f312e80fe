"""What a Textual app with a table is at least: no theme of its own, no threads, nothing read. Its rows are the one argument."""

import sys

from textual.app import App, ComposeResult
from textual.widgets import DataTable


class BareApp(App[None]):
    def compose(self) -> ComposeResult:
        yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        table.add_columns("Runs", "State", "Loss", "Age")
        table.add_rows((f"run-{row}", "finished", f"{row / 7:.3f}", f"{row} d") for row in range(int(sys.argv[1])))


if __name__ == "__main__":
    BareApp().run()
