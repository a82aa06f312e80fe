"""Preprocessors that change a text and nothing else of its row."""

from __future__ import annotations

import re
import unicodedata
from abc import abstractmethod
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from tui_finetune.builtin.preprocessors.named import changed, text_columns
from tui_finetune.plugin_api import Preprocessor

if TYPE_CHECKING:
    from pydantic import BaseModel


class TextStep(Preprocessor):
    """Changes the texts of some columns, one by one; a list of texts item by item."""

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.builtin.preprocessors.options import TextColumns

        return TextColumns

    def apply(self, row: dict[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
        names = text_columns(self.name, options, row)
        new = {name: changed(row[name], lambda text: self.change(text, options), self.name, name) for name in names}
        return {**row, **new}

    @abstractmethod
    def change(self, text: str, options: Mapping[str, Any]) -> str:
        """The text as it is to be."""


class StripHtml(TextStep):
    name = "strip-html"
    help = "Takes HTML tags, comments, scripts and styles out, and resolves entities."

    def change(self, text: str, options: Mapping[str, Any]) -> str:
        if "<" not in text and "&" not in text:
            return text
        parser = _Text()
        parser.feed(text)
        parser.close()
        return parser.text()


class _Text(HTMLParser):
    """What a browser would show, roughly: blocks and line breaks part words, other tags do not."""

    BLOCKS = (
        *("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "footer", "form", "h1", "h2"),
        *(
            "h3",
            "h4",
            "h5",
            "h6",
            "header",
            "hr",
            "li",
            "main",
            "nav",
            "ol",
            "p",
            "pre",
            "section",
            "table",
            "td",
            "th",
        ),
        *("tr", "ul"),
    )
    UNSEEN = ("script", "style")

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._pieces: list[str] = []
        self._within: str | None = None

    def text(self) -> str:
        return "".join(self._pieces).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self.UNSEEN:
            self._within = tag
        self._part(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == self._within:
            self._within = None
        self._part(tag)

    def handle_data(self, data: str) -> None:
        if self._within is None:
            self._pieces.append(data)

    def _part(self, tag: str) -> None:
        if tag in self.BLOCKS and self._pieces and not self._pieces[-1].endswith((" ", "\n")):
            self._pieces.append(" ")


class FixText(TextStep):
    name = "fix-text"
    help = "Mends text that was decoded wrongly (â€™ for ’), by the package ftfy."

    def change(self, text: str, options: Mapping[str, Any]) -> str:
        import ftfy

        # Quotes, ligatures and widths are the writer's own; only what a wrong encoding did is taken back.
        fixed: str = ftfy.fix_text(
            text, uncurl_quotes=False, fix_latin_ligatures=False, fix_character_width=False, unescape_html=False
        )
        return fixed


class UnicodeForm(TextStep):
    name = "unicode-form"
    help = "Brings texts to one Unicode form, so that equal signs are equal codes."

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.builtin.preprocessors.options import UnicodeOptions

        return UnicodeOptions

    def change(self, text: str, options: Mapping[str, Any]) -> str:
        return unicodedata.normalize(options["form"], text)


class Whitespace(TextStep):
    name = "whitespace"
    help = "One blank for each run of blanks, tabs and line breaks; none at the ends."

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.builtin.preprocessors.options import WhitespaceOptions

        return WhitespaceOptions

    def change(self, text: str, options: Mapping[str, Any]) -> str:
        if not options["keep_lines"]:
            return " ".join(text.split())
        lines = [" ".join(line.split()) for line in text.splitlines()]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


class Lowercase(TextStep):
    name = "lowercase"
    help = "Small letters only. An uncased model's tokenizer does so by itself."

    def change(self, text: str, options: Mapping[str, Any]) -> str:
        return text.lower()


class MaskPrivate(TextStep):
    name = "mask-private"
    help = "Puts [EMAIL], [PHONE], [CARD], [ACCOUNT], [SOCIAL_NUMBER], [KEY] in place of personal data and secrets."

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.builtin.preprocessors.options import MaskOptions

        return MaskOptions

    def change(self, text: str, options: Mapping[str, Any]) -> str:
        from tui_finetune.data.private_forms import replaced

        return replaced(text, options["kinds"], lambda kind: f"[{kind.upper()}]")


class ReplaceText(TextStep):
    name = "replace-text"
    help = "Replaces what a regular expression (Python's) finds."

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.builtin.preprocessors.options import ReplaceOptions

        return ReplaceOptions

    def change(self, text: str, options: Mapping[str, Any]) -> str:
        flags = re.IGNORECASE if options["ignore_case"] else 0
        return re.sub(options["pattern"], options["replacement"], text, flags=flags)
