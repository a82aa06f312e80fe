"""What the Train screen has done in threads: recipes read, judged, tried, written, kept. Returns what is to be told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message

from tui_finetune.errors import RecipeError
from tui_finetune.live.document import Document, Origin
from tui_finetune.live.form import Form, FormField
from tui_finetune.live.train_page import Start, draft_words
from tui_finetune.ui.latest import DRAFTS
from tui_finetune.ui.screens.train import messages, recipe_files
from tui_finetune.ui.screens.train.drafts import Drafts
from tui_finetune.ui.wants import TrainWanted

if TYPE_CHECKING:
    from tui_finetune.plugin_api.manager import Catalog
    from tui_finetune.runs.info import RunInfo
    from tui_finetune.ui.bridge import Bridge


class Workshop:
    """One a page. Its methods return at once; what they find out comes as messages."""

    def __init__(self, bridge: Bridge, folder: Path) -> None:
        """folder: what is typed as a relative path starts from it."""
        self._bridge = bridge
        self._home = bridge.home
        self._folder = folder
        self._drafts = Drafts(bridge.home)
        self._looked: tuple[float | None, bool] = (None, False)

    @property
    def _cache(self) -> Path:
        return self._home.cache

    def _catalog(self) -> Catalog:
        return self._bridge.catalog()

    def _form(self, text: str) -> Form | None:
        from tui_finetune.live.recipe_form import read_form

        return read_form(text, self._catalog(), self._cache)

    # Beginnings

    def starts(self, run: RunInfo | None, recent: Sequence[str]) -> None:
        """What a recipe can begin with. run: its recipe is offered."""

        def work() -> Message:
            return messages.StartsRead(self._starts(run, recent))

        self._bridge.latest("recipe.starts", "Look for recipes", lambda stale: work())

    def _starts(self, run: RunInfo | None, recent: Sequence[str]) -> list[Start]:
        import time

        from tui_finetune.config.samples import samples

        now = time.time()
        copies = (
            [Start("run", run.id, f"copy of {run.name} {run.short}", "its recipe as it was, to be changed")]
            if run
            else []
        )
        drafts = self._drafts.all()
        found = [Start("draft", one.name, one.title, one.problem or draft_words(one.saved, now)) for one in drafts]
        here = [
            Start("recent", path, Path(path).name, str(Path(path).parent)) for path in recent if Path(path).is_file()
        ]
        given = [Start("sample", path.stem, path.stem, recipe_files.first_comment(path)) for path in samples()]
        tasks = [Start("task", name, f"new: {name}", one.help) for name, one in self._catalog().tasks.items()]
        return [*copies, *found, *here, *given, *tasks, Start("file", "", "a file …", "any recipe, by its path")]

    def open(self, wanted: TrainWanted) -> None:
        """Reads what is wanted."""

        def work() -> Message:
            document = self._document(wanted)
            self._looked = (None, False)
            return messages.RecipeOpened(document, self._form(document.origin.text))

        self._bridge.latest("recipe.open", "Open the recipe", lambda stale: work())

    def _document(self, wanted: TrainWanted) -> Document:
        from tui_finetune.config.samples import sample

        if wanted.draft is not None:
            return self._drafts.read(wanted.draft)
        if wanted.path is not None:
            path = wanted.path.expanduser().absolute()
            return Document.of(Origin(path.name, recipe_files.read(path), path.parent, path))
        if wanted.sample is not None:
            from tui_finetune.live.recipe_edit import moved

            path = sample(wanted.sample)
            text = moved(recipe_files.read(path), path, self._folder / path.name, self._catalog())
            return Document.of(Origin(wanted.sample, text, self._folder, words="a preset, not a file of yours yet"))
        if wanted.run_id is not None:
            return self._copy(wanted.run_id)
        if wanted.task is not None:
            from tui_finetune.config.template import new_recipe

            metrics = self._catalog().require("tasks", wanted.task).metrics
            text = new_recipe(wanted.task, {}, metrics=metrics)
            return Document.of(Origin(wanted.name or wanted.task, text, self._folder, words="new, not a file yet"))
        name = wanted.name or "recipe"
        return Document.of(Origin(name, wanted.text or "", self._folder, words="not a file yet"))

    def _copy(self, run_id: str) -> Document:
        from tui_finetune.live.recipe_copy import copy_of_run
        from tui_finetune.runs.info import read_info
        from tui_finetune.runs.layout import RunPaths

        info = read_info(RunPaths(self._home.runs / run_id))
        text = copy_of_run(info, self._catalog(), self._cache)
        return Document.of(Origin(info.name, text, self._folder, words=f"copy of {info.title}"))

    # What is typed

    def judge(self, document: Document) -> None:
        """Reads and checks the text as it is now."""
        text, place = document.text, document.place

        def work() -> Message:
            from tui_finetune.live.recipe_judge import judge

            return messages.RecipeJudged(judge(text, place, self._catalog(), self._cache))

        self._bridge.latest("recipe.judge", "Check the recipe", lambda stale: work())

    def plan(self, document: Document) -> None:
        """What is known of the training before it is started."""
        text, place = document.text, document.place

        def work() -> Message:
            from tui_finetune.ui.screens.train.planning import plan

            return messages.RunPlanned(text, *plan(text, place, self._home, self._catalog()))

        self._bridge.latest("recipe.plan", "Forecast", lambda stale: work())

    def attempt(self, document: Document, field: FormField, typed: str) -> None:
        """Checks a value while it is typed."""
        text, place = document.text, document.place

        def work() -> Message:
            from tui_finetune.live.recipe_edit import add, put
            from tui_finetune.live.recipe_judge import attempt

            def edited() -> str:
                return put(text, field, typed) if field.key != "+preprocess" else add(text, typed)

            more = self._more_choices(field, typed, place.parent)
            return messages.ValueTried(attempt(field, typed, edited, place, self._catalog(), self._cache, more))

        self._bridge.latest("recipe.try", f"Check {field.key}", lambda stale: work())

    def _more_choices(self, field: FormField, typed: str, folder: Path) -> Sequence[str]:
        if field.key == "model.path":
            return [*self._models(), *recipe_files.completions(typed, folder)]
        return (
            recipe_files.completions(typed, folder)
            if field.key in ("data.path", "data.validation", "data.test")
            else ()
        )

    def _models(self) -> list[str]:
        """Builtin models, and finished runs."""
        from tui_finetune.inference.builtin_models import BUILTIN_MODELS
        from tui_finetune.runs.store import RunStore

        runs = [info for info in RunStore(self._home).list() if (info.paths.model / "config.json").is_file()]
        return [f"builtin:{name}" for name in BUILTIN_MODELS] + [
            f"run:{info.short}" for info in runs[: recipe_files.COMPLETED]
        ]

    # Files

    def write(self, document: Document, path: Path, *, over: bool) -> None:
        """Writes the recipe. over: also where the file has another text than the one that was read from it."""
        text, place = document.text, document.place
        origin = document.origin

        def work() -> Message:
            from tui_finetune.live.recipe_edit import moved

            there = recipe_files.read(path) if path.exists() else None
            known = origin.path == path
            if there is not None and not over and not (known and there == origin.text):
                return messages.RecipeClashed(path, known)
            written = moved(text, place, path, self._catalog())
            recipe_files.write(path, written)
            self._looked = (None, False)
            return messages.RecipeWritten(path, text, written, self._form(written))

        self._bridge.do(f"Write {path.name}", work)

    def look(self, document: Document) -> None:
        """Whether the recipe's file is as it was read."""
        path, text = document.origin.path, document.origin.text
        if path is None:
            return

        def work() -> Message | None:
            found = recipe_files.looked(path, text)
            if found == self._looked:
                return None
            self._looked = found
            return messages.FileLooked(path, *found)

        self._bridge.latest("recipe.look", f"Look at {path.name}", lambda stale: work())

    def reread(self, path: Path) -> None:
        """The recipe's file as it is now."""

        def work() -> Message:
            text = recipe_files.read(path)
            self._looked = (None, False)
            return messages.FileReread(path, text, self._form(text))

        self._bridge.do(f"Read {path.name}", work)

    def compare(self, info: RunInfo) -> None:
        """A run's recipe, to compare with."""

        def work() -> Message:
            from tui_finetune.live.recipe_copy import copy_of_run

            form = self._form(copy_of_run(info, self._catalog(), self._cache))
            if form is None:
                raise RecipeError(f"The recipe of {info.title} is no TOML.")
            return messages.OtherRead(info.title, form)

        self._bridge.do(f"Compare with {info.name}", work)

    # Drafts

    def keep(self, document: Document) -> None:
        """Keeps the changes of a document, or forgets them where there are none any more."""

        def work() -> None:
            if document.changed:
                document.draft = self._drafts.keep(document)
            elif document.draft is not None:
                self._drafts.drop(document.draft)
                document.draft = None

        self._bridge.latest(f"{DRAFTS}{id(document)}", "Keep the draft", lambda stale: work())

    def drop(self, name: str, title: str) -> None:
        """Throws a draft away."""

        def work() -> Message:
            self._drafts.drop(name)
            return messages.DraftDropped(title)

        self._bridge.do(f"Delete the draft {title}", work)
