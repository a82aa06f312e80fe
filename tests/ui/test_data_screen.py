"""The Data screen, key by key, on files of every kind, good and bad; the desk is a real process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ui.seeing import Screen, showing
from tests.waiting import wait_for
from tui_finetune.paths import Home
from tui_finetune.ui.screens.data.check_panes import FindingsTable
from tui_finetune.ui.screens.data.finding import asks_hub
from tui_finetune.ui.screens.data.page import DataPage
from tui_finetune.ui.wants import DataWanted

Write = Callable[[str, str], Path]
WORDS = ("card", "money", "transfer", "account", "phone")


@pytest.fixture(autouse=True)
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the demo's model is installed here makes no difference: words are counted until a model is chosen."""
    monkeypatch.setattr("tui_finetune.ui.launches.usual_model", lambda home: "nobody/nothing")


def reviews(count: int) -> str:
    """Rows of a text, a label and a number."""
    lines = [f"my {WORDS[i % 5]} number {i} is late,{('bad', 'good', 'so-so')[i % 3]},{i % 7}" for i in range(count)]
    return "text,label,stars\n" + "\n".join(lines) + "\n"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def writing(name: str, content: str) -> Path:
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return path

    return writing


async def opened(screen: Screen, path: Path | str) -> DataPage:
    """Opens data by their path, as a person does."""
    if "[2 Data]" not in screen.head:
        await screen.press("2")
    await screen.press("i")
    await screen.sees("Open data")
    await screen.type(str(path))
    await screen.press("enter")
    await screen.sees("[Rows ")
    page = screen.app.page
    assert isinstance(page, DataPage)
    return page


async def looked(screen: Screen, path: Path | str) -> DataPage:
    """The same, until labels and lengths are known."""
    page = await opened(screen, path)
    await wait_for(lambda: page.found is not None and page.found.looked and not page.waits, "the look", timeout=60)
    await wait_for(
        lambda: screen.lines[3].split()[:1] == ["row"] and screen.cursor and "–" not in screen.cursor, "the rows"
    )
    return page


def test_the_hub_is_not_asked_for_what_is_here(tmp_path: Path) -> None:
    (tmp_path / "reviews").mkdir()
    assert not asks_hub("reviews", tmp_path)
    assert not asks_hub("./revi", tmp_path)
    assert asks_hub("review", tmp_path)
    assert asks_hub("stanfordnlp/imdb", tmp_path)


async def test_without_data_it_says_what_can_be_opened(home: Home) -> None:
    async with showing(home) as screen:
        await screen.press("2")
        await screen.sees("No data open. i opens a file, a folder, or a data set of the Hub.")
        await screen.sees("stdlib-docs")
        await screen.sees("chapter of the Library Reference.")
        await screen.press("/")
        await screen.says("Filter: No data open.")
        await screen.press("n")
        await screen.says("New run: No data open.")


async def test_rows_labels_and_lengths(home: Home, write: Write) -> None:
    async with showing(home) as screen:
        await looked(screen, write("reviews.csv", reviews(300)))
        await screen.sees("csv · 300 rows · 3 columns · 3 labels")
        await screen.shows(lambda: screen.lines[3].split() == ["row", "label", "text", "stars"])
        await screen.shows(lambda: screen.cursor.split()[:3] == ["▸", "0", "bad"])
        await screen.sees("row 0")
        await screen.sees("my card number 0 is late")
        await screen.sees("words: median 6")
        await screen.press("j", "j")
        await screen.sees("row 2")
        await screen.press("G")
        await screen.sees("my account number 298 is late")
        await screen.shows(lambda: screen.cursor.split()[:3] == ["▸", "299", "so-so"])
        await screen.press("g", "l")
        assert "label" not in screen.lines[3]
        await screen.press("h")
        await screen.shows(lambda: "label" in screen.lines[3])


async def test_the_filter_follows_what_is_typed(home: Home, write: Write) -> None:
    async with showing(home) as screen:
        page = await looked(screen, write("reviews.csv", reviews(300)))
        await screen.press("/")
        await screen.type("label:good stars>5")
        await screen.sees("[Rows 14 of 300]")
        await screen.press("enter")
        await screen.says("filter label:good stars>5  14 rows; esc clears it")
        await screen.at("good")
        await screen.press("o")
        await screen.says("Sorted by label.")
        await screen.until(lambda: not page.finding, "the sorted rows")
        await screen.press("escape")
        await screen.sees("[Rows 300]")
        await screen.press("/")
        await screen.type("labl:good")
        await screen.sees("[Rows 0 of 300]")
        await screen.sees("No column labl. Did you mean label?")
        await screen.sees("No row matches; esc clears the filter.")
        await screen.press("escape")
        await screen.sees("[Rows 300]")


async def test_sorting_and_turning(home: Home, write: Write) -> None:
    async with showing(home) as screen:
        page = await looked(screen, write("reviews.csv", reviews(300)))
        await screen.press("o", "o", "o")
        await screen.says("Sorted by stars.")
        await screen.sees("stars ↓")
        await screen.press("O")
        await screen.sees("stars ↑")
        await wait_for(lambda: page.table.read(0)[0] == 6, "the first of the largest")
        await screen.press("o")
        await screen.says("Sorted by length.")
        await screen.press("o")
        await screen.says("In the order of the data.")


async def test_a_row_opened_is_whole_and_steps_to_its_neighbours(home: Home, write: Write) -> None:
    long = "word " * 200
    path = write("long.csv", f'text,label\n"first line\nsecond \x1b[31mline",a\n{long},b\nlast,a\n')
    async with showing(home) as screen:
        await looked(screen, path)
        await screen.shows(lambda: "first line⏎second ␛[31mline" in screen.text)
        await screen.press("enter")
        await screen.sees("long.csv:2")
        await screen.sees("second ␛[31mline")
        await screen.press("j")
        await screen.sees("row 1")
        await screen.sees("word word word word word word word word word word word word")
        await screen.press("j", "j", "k", "k")
        await screen.sees("row 0")
        await screen.press("y")
        await screen.says("Copied")
        assert json.loads((home.root / "copied.txt").read_text())["label"] == "a"
        await screen.press("escape")
        await screen.sees("▸")


async def test_the_tokens_are_those_of_the_model(home: Home, write: Write, tmp_path: Path) -> None:
    from tui_finetune.plugin_api.testing_heads import save_tokenizer

    save_tokenizer(tmp_path / "tiny", 128)
    async with showing(home) as screen:
        page = await looked(screen, write("reviews.csv", "text,label\nab c,x\nlonger text,y\n"))
        await screen.press("m")
        await screen.sees("How ")
        field = screen.app.focused
        assert field is not None
        await screen.press("end", "ctrl+u")
        await screen.type(str(tmp_path / "tiny"))
        await screen.press("tab", "ctrl+u")
        await screen.type("8")
        await screen.press("enter")
        await wait_for(lambda: page.found is not None and page.found.max_length == 8, "the new look")
        await screen.sees("tokens by tiny")
        await screen.sees("; 1 cut at 8")
        await screen.shows(lambda: screen.cursor.split()[-1] == "5", "the tokens of the first row")
        await screen.press("t")
        await screen.sees("[CLS] a ##b c [SEP]")
        await screen.sees("5 tokens of 8, none cut")
        await screen.press("t")
        await screen.sees("piece")
        await screen.press("t", "j")
        await screen.sees("12 tokens of 8, 4 cut")


async def test_words_with_tags_show_entities_and_pieces(home: Home, write: Write, tmp_path: Path) -> None:
    from tui_finetune.plugin_api.testing_heads import save_tokenizer

    save_tokenizer(tmp_path / "tiny", 128)
    path = write(
        "train.conll", "Flying\tO\nfrom\tO\nNarita\tB-location\n\nAir\tB-corporation\nGreenland\tI-corporation\n\n"
    )
    async with showing(home) as screen:
        page = await looked(screen, path)
        page.reread(model=str(tmp_path / "tiny"))
        await wait_for(lambda: page.found is not None and page.found.tokenizer is not None, "the tokenizer", timeout=60)
        await screen.sees("location")
        await wait_for(lambda: screen.cursor.split()[:5] == ["▸", "0", "Flying", "from", "Narita"], "the first row")
        await screen.press("enter")
        await screen.sees("n  ##a  ##r  ##i  ##t  ##a")
        await screen.shows(lambda: "B-location" in screen.line_of("n  ##a  ##r"))
        await screen.press("t")
        await screen.sees("label")
        await screen.sees("B-location")


async def test_columns_tell_values_lengths_and_what_is_missing(home: Home, write: Write) -> None:
    async with showing(home) as screen:
        await looked(screen, write("reviews.csv", reviews(300)))
        await screen.press("]")
        await screen.sees("[Columns 3]")
        await screen.sees("every value occurs once")
        await screen.shows(lambda: "└" in screen.text, "the histogram's axis")
        await screen.press("j")
        await screen.sees("3 values, the commonest first")
        await screen.press("enter", "j")
        await screen.shows(lambda: "good" in screen.line_of("▸"))
        await screen.press("enter")
        await screen.sees("[Rows 100 of 300]")
        await screen.at("good")
        await screen.says("filter label=good")


async def to_step(screen: Screen, key: str, name: str) -> None:
    """Moves the cursor, line by line, to a step: how many lie between is for those who add steps."""
    while name not in (before := screen.cursor):
        await screen.press(key)
        await screen.until(lambda before=before: screen.cursor != before, f"the cursor to go on to {name}")  # type: ignore[misc]


async def test_prepared_tells_the_run_and_previews_steps(home: Home, write: Write) -> None:
    from tui_finetune.plugin_api.templates import new_plugin

    new_plugin(home.plugins, "calm_data_texts")
    path = write("reviews.csv", reviews(60).replace("my card number 0 is late", "MY CARD IS LATE"))
    async with showing(home) as screen:
        page = await looked(screen, path)
        await screen.press("]", "]")
        await screen.sees("10 % of train, stratified, seed 42")
        await screen.shows(lambda: "54 rows" in screen.line_of("train"))
        await screen.sees("calm-data-texts")
        await screen.press("space")
        await screen.sees("balance  chooses among all rows of the split")
        await screen.press("space", "j", "space")
        await screen.sees("- MY CARD IS LATE")
        await screen.sees("+ my card is late")
        await screen.shows(lambda: "1. calm-data-texts  1 changed" in screen.text, "the count of the step")
        await screen.press("J")
        await screen.says("Later: It is the last one.")
        await to_step(screen, "j", "drop-by-length")
        await screen.press("space")
        await screen.sees("2. drop-by-length")
        await screen.press("K")
        await screen.sees("2. calm-data-texts")
        assert list(page.chosen) == ["drop-by-length", "calm-data-texts"]
        await screen.press("space")
        await screen.sees("1. calm-data-texts")
        await to_step(screen, "k", "calm-data-texts")
        await screen.press("enter")
        await screen.sees("Options of calm-data-texts")
        await screen.press("ctrl+u")
        await screen.type("absent")
        await screen.press("enter")
        await screen.sees("failed: KeyError")


async def test_a_recipe_of_it_opens_in_train_with_its_steps(home: Home, write: Write) -> None:
    from tui_finetune.plugin_api.templates import new_plugin

    new_plugin(home.plugins, "calm_recipe_texts")
    path = write("reviews.csv", reviews(60))
    async with showing(home) as screen:
        page = await looked(screen, path)
        await screen.press("]", "]")
        await screen.sees("calm-recipe-texts")
        await screen.press("j", "space", "n")
        await screen.sees("[3 Train]")
        await screen.sees("reviews.toml")
        await screen.press("2")
        await screen.sees("[2 Data]")
        assert page.chosen == {"calm-recipe-texts": {}}


async def test_a_row_is_tried_in_predict(home: Home, write: Write) -> None:
    async with showing(home) as screen:
        await looked(screen, write("reviews.csv", reviews(60)))
        await screen.press("j", "x")
        await screen.sees("[6 Predict]")
        await screen.sees("my money number 1 is late")


async def test_another_screen_may_send_a_person_here_to_open_data(home: Home) -> None:
    async with showing(home) as screen:
        screen.app.show_screen("data", DataWanted())
        await screen.sees("Open data")


async def test_bad_data_are_told_whole_and_nothing_is_lost(home: Home, write: Write) -> None:
    good = write("reviews.csv", reviews(60))
    bad = write("bad.csv", "text,label\na,b\nc,d,e\nf,g,h\n")
    async with showing(home) as screen:
        page = await looked(screen, good)
        await screen.press("i")
        await screen.type(str(bad))
        await screen.press("enter")
        await screen.sees("cannot be opened")
        await screen.sees("bad.csv line 3: 3 fields, expected 2 (text, label).")
        await screen.sees("bad.csv line 4: 3 fields, expected 2 (text, label).")
        await screen.press("enter")
        await screen.sees("bad.csv as it stands")
        await screen.sees("c,d,e")
        await screen.press("escape")
        bad.write_text("text,label\na,b\nc,d\n")
        await screen.press("escape")
        await screen.sees("[Rows 60]")
        assert page.found is not None
        assert page.found.asked.title.endswith("reviews.csv")
        await looked(screen, bad)
        await screen.sees("[Rows 2]")


async def test_what_is_not_there_is_told_with_what_is_near(home: Home, write: Write) -> None:
    path = write("reviews.csv", reviews(60))
    async with showing(home) as screen:
        await screen.press("2", "i")
        await screen.type(str(path.with_name("review.csv")))
        await screen.press("enter")
        await screen.sees("Did you mean reviews.csv?")
        await screen.press("i")
        await screen.sees("review.csv")


async def test_rows_without_a_task_can_be_looked_at_all_the_same(home: Home, write: Write) -> None:
    async with showing(home) as screen:
        await looked(screen, write("numbers.csv", "a,b\n1,2\n3,4\n"))
        await screen.shows(lambda: "numbers.csv" in screen.lines[1])
        await screen.says("1 problem in Prepared: ] ] goes there.")
        await screen.press("n")
        await screen.says("New run: Its problems come first; Prepared lists them.")
        await screen.press("]", "]")
        await screen.sees("no task finds its columns here")


async def test_paths_are_completed_and_folders_gone_into(home: Home, write: Write, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    write("folder/train.csv", reviews(30))
    write("folder/test.csv", reviews(30))
    async with showing(home) as screen:
        await screen.press("2", "i")
        await screen.type(f"{tmp_path}/fol")
        await screen.sees("folder/")
        await screen.press("tab")
        await screen.sees("train.csv")
        await screen.press("down", "down")
        await screen.shows(lambda: "train.csv" in screen.line_of("▸"))
        await screen.press("enter")
        await screen.sees("[Rows 30]")


async def test_the_hub_is_searched_and_offline_it_is_said(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    (tmp_path / "hub" / "datasets--stanfordnlp--imdb").mkdir(parents=True)
    async with showing(home) as screen:
        await screen.press("2", "i")
        await screen.type("imdb")
        await screen.sees("stanfordnlp/imdb")
        await screen.sees("offline mode is on (HF_HUB_OFFLINE)")


async def test_reading_is_stopped_by_esc(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin's source that would read for ever; its process is gone afterwards."""
    (home.plugins / "endless.py").write_text(
        "import time\nfrom tui_finetune.plugin_api import Source, hookimpl, no_progress\n"
        "class Endless(Source):\n    name = 'endless'\n    help = 'Never ends.'\n    needs_path = False\n"
        "    def open(self, request, progress=no_progress):\n"
        "        progress('reading for ever', 0, None)\n        time.sleep(3600)\n"
        "@hookimpl\ndef register_datasets(): return [Endless()]\n"
    )
    async with showing(home) as screen:
        await screen.press("2")
        await screen.sees("endless")
        await screen.at("endless")
        await screen.press("enter")
        await screen.says("reading for ever …")
        page = screen.app.page
        assert isinstance(page, DataPage)
        assert page.shelf.desk_pid is not None
        await screen.press("escape")
        await screen.says("Stopped: endless is not open.")
        await wait_for(lambda: page.shelf.desk_pid is None, "the process to be gone")
        await screen.sees("No data open.")


async def test_a_file_that_changes_is_told_and_read_again(
    home: Home, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_finetune.ui.screens.data.page.FILES_SECONDS", 0.2)
    path = write("reviews.csv", reviews(60))
    async with showing(home) as screen:
        await looked(screen, path)
        path.write_text(reviews(90))
        await screen.says("! reviews.csv changed on disk; R reads it again.")
        await screen.press("R")
        await screen.sees("[Rows 90]")


async def test_splits_are_chosen(home: Home, write: Write, tmp_path: Path) -> None:
    (tmp_path / "two").mkdir()
    write("two/train.csv", reviews(40))
    write("two/test.csv", reviews(20))
    async with showing(home) as screen:
        await looked(screen, tmp_path / "two")
        await screen.shows(lambda: "[train]" in screen.lines[1])
        await screen.press("m", "j", "enter")
        await screen.sees("[Rows 20]")
        await screen.sees("[test]")
        await screen.press("d")
        await screen.sees("Details of ")
        await screen.sees("csv, comma")


async def test_a_recipe_shows_its_data_and_a_row_by_its_id(home: Home, write: Write) -> None:
    write("reviews.csv", reviews(60))
    recipe = write(
        "mine.toml",
        'task = "text-classification"\n[data]\npath = "reviews.csv"\ncolumns = { text = "text", label = "label" }\n'
        '[model]\npath = "google-bert/bert-base-uncased"\nmax_length = 64\n',
    )
    async with showing(home) as screen:
        screen.app.show_screen("data", DataWanted(recipe=recipe, row_id="reviews.csv:42"))
        await screen.sees("[Rows 60]")
        await wait_for(lambda: screen.cursor.split()[:2] == ["▸", "40"], "the row", timeout=60)
        screen.app.show_screen("data", DataWanted(recipe=recipe, row_id="reviews.csv:3"))
        await wait_for(lambda: screen.cursor.split()[:2] == ["▸", "1"], "the other row")


async def test_what_was_open_is_offered_the_next_time(home: Home, write: Write) -> None:
    path = write("reviews.csv", reviews(60))
    async with showing(home) as screen:
        await looked(screen, path)
        screen.app.remember()
        memory = home.root / "interface.json"
        await wait_for(lambda: memory.exists() and str(path) in memory.read_text(), "the memory")
    async with showing(home) as screen:
        await screen.press("2")
        await screen.sees("recent")
        await screen.at("reviews.csv")
        await screen.press("enter")
        await screen.sees("[Rows 60]")


@pytest.mark.parametrize("size", [(120, 40), (40, 12)])
async def test_other_sizes(home: Home, write: Write, size: tuple[int, int]) -> None:
    path = write("reviews.csv", reviews(60))
    async with showing(home, size=size) as screen:
        await screen.press("2")
        screen.app.show_screen("data", DataWanted(source=str(path)))
        await screen.sees("60 rows")
        if size[0] >= 120:
            await screen.sees("no tokens: nobody/nothing has no tokenizer here")
            await screen.sees("row 0")
            await screen.press("j")
            await screen.sees("row 1")


@pytest.mark.slow
async def test_findings_show_their_rows_and_the_step_that_mends_them(home: Home, write: Write) -> None:
    tail = "the <b>same</b> words,good,1\nthe <b>same</b> words,bad,1\n"
    path = write("reviews.csv", reviews(60) + tail)
    async with showing(home) as screen:
        page = await looked(screen, path)
        await screen.press("]", "]", "]")
        await screen.sees("[Findings ")
        await screen.sees("same text, different labels")
        await screen.press("enter")
        await screen.sees("[Rows 2 of 62]")
        await screen.press("escape")
        await screen.sees("[Rows 62]")
        await screen.press("]", "]", "]")
        await screen.sees("[Findings ")
        at = [one["id"] for one in page.query_one(FindingsTable).findings].index("html_tags")
        await screen.press(*["j"] * at)
        await screen.sees("uses the step strip-html")
        await screen.press("space")
        await screen.sees("strip-html is used")
        assert page.chosen == {"strip-html": {}}
