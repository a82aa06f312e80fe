"""`export`: a run's model, or one of its checkpoints, as a plain folder of its own."""

from __future__ import annotations

from pathlib import Path

import click

from tui_finetune.cli import output
from tui_finetune.cli.diagnostics import ProgressLine, say
from tui_finetune.cli.options import Call, verb
from tui_finetune.text import shown


@click.command()
@click.argument("model", metavar="RUN|MODEL")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--checkpoint", metavar="CHECKPOINT", help="Its step, best or last; the same as RUN@STEP.")
@click.option("--soup", "others", metavar="RUN|MODEL", multiple=True, help="Average its weights in; several times.")
@click.option("--trust-remote-code", is_flag=True, help="Run the Python code that comes with the model.")
@verb
def command(
    call: Call, model: str, folder: Path, checkpoint: str | None, others: tuple[str, ...], trust_remote_code: bool
) -> None:
    """A model as a folder of its own, from a run or one of its checkpoints.

    RUN is the final model, RUN@STEP, RUN@best and RUN@last are kept checkpoints, MODEL is a folder. What only a resume reads
    stays behind; an adapter is merged into its model. FOLDER must be new or empty; transformers and predict load it.
    With --soup it is the mean of several models that were trained from the same one.
    """
    from tui_finetune.inference.client import HelperSpec
    from tui_finetune.inference.exporting import export, merged_by
    from tui_finetune.inference.model_choice import choose_model
    from tui_finetune.inference.model_folder import open_model_folder
    from tui_finetune.live.words import size

    chosen = choose_model(call.home, model, checkpoint)
    trained = chosen.recipe()
    trust = trust_remote_code or (trained is not None and trained.model.trust_remote_code)
    opened = open_model_folder(chosen.folder, call.catalog, call.home, trust_remote_code=trust)
    soup = None
    if others:
        from tui_finetune.inference.soup import Soup

        picked = [choose_model(call.home, one) for one in others]
        folders = [open_model_folder(one.folder, call.catalog, call.home, trust_remote_code=trust) for one in picked]
        soup = Soup((chosen, opened), tuple(zip(picked, folders, strict=True)))
    title = chosen.title if soup is None else soup.title
    progress = ProgressLine()
    spec = HelperSpec(opened.path, call.home, "cpu", call.plugin_dirs, call.third_party, trust_remote_code=trust)
    try:
        merge = merged_by(spec, progress)
        done = export(chosen, opened, folder, home=call.home, merge=merge, progress=progress, soup=soup)
    finally:
        progress.clear()
    if call.json:
        output.print_json({**vars(done), "folder": str(done.folder), "files": list(done.files), "model": title})
        return
    merged = ", its adapter merged into it" if done.merged else ""
    say(shown(f"{title}{merged}: {len(done.files)} files, {size(done.bytes)}, in {done.folder}"))
    say(shown(f'Try it: tui-finetune predict {done.folder} "A text."'))
