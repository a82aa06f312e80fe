"""Whatever is painted, the terminal shows what it would if all of it were sent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style

from tests.fakes import finished_run, many_ended
from tests.ui.emulator import Emulator
from tests.ui.line import Line
from tui_finetune.paths import Home
from tui_finetune.text import cell_width
from tui_finetune.ui.frames import Frames, Piece, _as_they_are

WIDTH, HEIGHT = 30, 3
STYLES = [
    Style.parse(text)
    for text in (
        "",
        "default",
        "bold default",
        "bright_black",
        "red",
        "reverse",
        "underline",
        "color(39)",
        "white on blue",
    )
]
PLAIN = st.text(st.sampled_from("  ab─⠿│"), max_size=WIDTH)
ANY = st.text(st.sampled_from("  ab─漢é🙂\u0301"), max_size=WIDTH)


@st.composite
def pieces(draw: st.DrawFn) -> Piece:
    """A piece that stays on the screen, as the library's do."""
    x = draw(st.integers(0, WIDTH - 1))
    segments, room = [], WIDTH - x
    for text, style in draw(st.lists(st.tuples(PLAIN | ANY, st.sampled_from(STYLES)), max_size=4)):
        while cell_width(text) > room:
            text = text[:-1]
        room -= cell_width(text)
        segments.append(Segment(text, style))
    if draw(st.booleans()):
        segments.append(Segment(" " * room, draw(st.sampled_from(STYLES))))
    return x, draw(st.integers(0, HEIGHT - 1)), segments


def whole(piece: Piece) -> str:
    x, y, segments = piece
    return f"\x1b[{y + 1};{x + 1}H{_as_they_are(segments, ColorSystem.STANDARD)}"


@given(st.lists(pieces(), max_size=12))
def test_the_terminal_shows_what_it_would_if_all_were_sent(painted: list[Piece]) -> None:
    frames, ours, theirs = Frames(), Emulator(WIDTH, HEIGHT), Emulator(WIDTH, HEIGHT)
    for piece in painted:
        ours.feed(frames.changes([piece], WIDTH, ColorSystem.STANDARD))
        theirs.feed(whole(piece))
        assert ours.seen == theirs.seen


@given(pieces())
def test_what_stands_there_is_not_sent_again(piece: Piece) -> None:
    frames = Frames()
    frames.changes([piece], WIDTH, ColorSystem.STANDARD)
    again = frames.changes([piece], WIDTH, ColorSystem.STANDARD)
    text = "".join(segment.text for segment in piece[2])
    assert again == "" or any(cell_width(char) != 1 for char in text)


def test_what_changes_is_sent_alone_and_blanks_at_the_edge_are_short() -> None:
    frames = Frames()
    frames.begin("a screen", (WIDTH, HEIGHT))
    muted = Style.parse("bright_black")

    def sent(*texts: str) -> str:
        segments = [Segment(text, muted if place % 2 else None) for place, text in enumerate(texts)]
        return frames.changes([(0, 1, segments)], WIDTH, ColorSystem.STANDARD)

    assert sent("step 10 ", "of 100".ljust(22)) == "\x1b[2;1Hstep 10 \x1b[90mof 100\x1b[m\x1b[K"
    assert sent("step 11 ", "of 100".ljust(22)) == "\x1b[2;7H1"
    assert sent("".ljust(WIDTH)) == "\x1b[2;1H\x1b[K"
    frames.begin("a screen", (WIDTH, HEIGHT))
    assert sent("".ljust(WIDTH)) == ""
    frames.begin("another screen", (WIDTH, HEIGHT))
    assert sent("".ljust(WIDTH)) == "\x1b[2;1H\x1b[K"


def test_after_many_keys_the_screen_is_as_if_it_were_painted_anew(home: Home) -> None:
    """Sheets, filter, cursor, tabs and another size; then another screen and back, which paints everything."""
    many_ended(home, 40)
    finished_run(home, "漢字-run")
    with Line() as line:
        line.sees("bulk-")
        keys = ["j", "j", "?", "\x1b", "/", "bulk-3", "\r", "G", "\x1b", ":", "\x1b", "x", "]", "[", ",", "\x1b", "k"]
        for key in keys:
            line.settle(0.3, after=line.type(key))
        line.settle(0.5)
        before = line.lines
        for key, text in (("2", "[2 Data]"), ("1", "[1 Runs]")):
            line.sees(text, line.type(key))
        line.settle(0.5)
        assert "bulk-" in "\n".join(before)
        assert line.lines == before
