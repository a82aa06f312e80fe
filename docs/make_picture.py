"""Makes docs/demo.svg: a terminal picture of a real run of the demo, as it was printed on a terminal of 100 columns.

python docs/make_picture.py            runs the demo (two and a half minutes) in a home of its own
python docs/make_picture.py RECORDED   draws what `script -c 'tui-finetune demo' RECORDED` has kept
"""

from __future__ import annotations

import os
import pty
import re
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

PICTURE = Path(__file__).with_name("demo.svg")
COLUMNS, LINES = 100, 50
COMMAND = (sys.executable, "-m", "tui_finetune", "demo", "--plain")
HOME = "~/.local/share/tui-finetune"
"""What stands in the picture in place of the folder of the run that was recorded."""


def recorded() -> str:
    """What the demo writes to a terminal, byte for byte."""
    read: list[bytes] = []

    def keep(descriptor: int) -> bytes:
        data = os.read(descriptor, 65_536)
        read.append(data)
        return data

    with tempfile.TemporaryDirectory(prefix="picture-") as home:
        os.environ |= {
            "TUI_FINETUNE_HOME": home,
            "PATH": os.pathsep.join((os.path.dirname(sys.executable), os.environ.get("PATH", ""))),
            "COLUMNS": str(COLUMNS),
            "LINES": str(LINES),
            "TERM": "xterm-256color",
        }
        code = os.waitstatus_to_exitcode(pty.spawn(list(COMMAND), keep))
    if code != 0:
        sys.exit(f"the demo ended with code {code}; the picture stays as it is")
    return b"".join(read).decode("utf-8", "replace")


def last_lines(raw: str) -> list[str]:
    """The lines as they stand in the end: of a line that was rewritten in place, the last."""
    lines = [line.rstrip("\r").rpartition("\r")[2].replace("\x1b[K", "") for line in raw.split("\n")]
    return [re.sub(r"\S+(?=/runs/\d{8}T)", HOME, line).rstrip() for line in lines]


def draw(lines: list[str]) -> str:
    """An SVG of a terminal that shows the command and these lines."""
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w", encoding="utf-8"), force_terminal=True)  # noqa: SIM115
    console.print(Text("$ tui-finetune demo", style="bold"))
    for line in lines:
        heading = bool(line) and not line.startswith(" ") and not line.startswith(("Which", "Run ", "Everything"))
        console.print(Text(line, style="bold" if heading else ""), overflow="ignore", crop=False)
    # Without the fonts that it would fetch from elsewhere: any fixed-width one will do.
    return re.sub(r"@font-face \{.*?\}\s*", "", console.export_svg(title="tui-finetune"), flags=re.DOTALL)


def main() -> None:
    raw = Path(sys.argv[1]).read_bytes().decode("utf-8", "replace") if len(sys.argv) > 1 else recorded()
    lines = [line for line in last_lines(raw) if not line.startswith("Script ")]
    PICTURE.write_text(draw("\n".join(lines).strip("\n").split("\n")), encoding="utf-8")
    print(f"{PICTURE} written, {len(lines)} lines")


if __name__ == "__main__":
    main()
