"""The preprocessor that writes conversations as the texts that a model reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tui_finetune.builtin.preprocessors.named import check
from tui_finetune.errors import DataError, Problem
from tui_finetune.plugin_api import Preprocessor
from tui_finetune.plugin_api.chat import NAMED, render
from tui_finetune.plugin_api.conversations import Conversation, conversation, raw_text, tools_of

if TYPE_CHECKING:
    from pydantic import BaseModel


class ChatTemplate(Preprocessor):
    name = "chat-template"
    help = "A text of a conversation, by a chat template."

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.builtin.preprocessors.options import ChatOptions

        return ChatOptions

    def apply(self, row: dict[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
        named = [options["column"], *([options["tools"]] if options["tools"] is not None else [])]
        check(self.name, "column", named, row)
        chat = self._conversation(row, options)
        if chat is None:
            return {**row, options["into"]: None}
        template = NAMED.get(options["template"], options["template"])
        tokens = {"bos_token": options["begin"], "eos_token": options["end"]}
        return {**row, options["into"]: render(template, chat, tokens, ask=options["ask"])}

    def _conversation(self, row: Mapping[str, Any], options: Mapping[str, Any]) -> Conversation | None:
        try:
            text = raw_text(row[options["column"]])
            tools = tools_of(row[options["tools"]]) if options["tools"] is not None else ()
            found = None if text is None else conversation(text)
        except (ValueError, TypeError) as error:
            hint = "A message has role and content, or from and value; tools are a JSON list."
            raise DataError(
                Problem(f"{self.name}: column {options['column']}: {error}.", "preprocess", hint=hint)
            ) from error
        return None if found is None else Conversation(found.messages, tools or found.tools)
