"""Conversations as tokens, of which it is known which ones are learnt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tui_finetune.builtin.tasks.chat_texts import template_of
from tui_finetune.errors import ModelError, Problem
from tui_finetune.plugin_api import Encoded, Encoder
from tui_finetune.plugin_api.chat import Place, last_rendered, render, rendered
from tui_finetune.plugin_api.conversations import Conversation, Message, conversation, tools_of

JOINED = "none"
"""The template of texts that are joined as they are."""


@dataclass(frozen=True)
class Read:
    """A text, and what of it is learnt."""

    text: str
    learnt: tuple[Place, ...]
    asked: int
    """Characters before the last answer; all of them where nothing is answered."""
    templated: bool


@dataclass(frozen=True)
class Chatted:
    """The same as tokens."""

    text: str
    ids: list[int]
    places: list[Place]
    learnt: list[bool]
    asked: int
    """Tokens before the last answer."""
    length: int
    """Tokens before anything is cut."""


def chatted(rows: Sequence[Mapping[str, Any]], encoder: Encoder, template: str | None, learn: str) -> list[Chatted]:
    """Rows by role (prompt, input, answer, system, tools) as tokens of any length."""
    read = [read_row(row, encoder, template, learn) for row in rows]
    found: dict[int, Encoded] = {}
    for templated in (False, True):
        places = [place for place, one in enumerate(read) if one.templated is templated]
        encoded = encoder.whole([read[place].text for place in places], special=not templated)
        found |= dict(zip(places, encoded, strict=True))
    return [_tokens(one, found[place]) for place, one in enumerate(read)]


def read_row(row: Mapping[str, Any], encoder: Encoder, template: str | None, learn: str) -> Read:
    """Raises DataError for a conversation that the template refuses."""
    chat = conversation_of(row)
    tokens = encoder.chat.tokens
    if template == JOINED:
        return _joined(chat, encoder.chat.end, learn)
    source = template_of(encoder.chat, template)
    if chat.messages[-1]["role"] != "assistant":
        text = render(source, chat, tokens, ask=True)
        given = rendered(source, chat, tokens).answers if learn == "answers" else ()
        return Read(text, ((0, len(text)),) if learn == "all" else given, len(text), templated=True)
    found = last_rendered(source, chat, tokens) if learn == "last" else rendered(source, chat, tokens)
    learnt = ((0, len(found.text)),) if learn == "all" else found.answers
    return Read(found.text, learnt, found.answers[-1][0], templated=True)


def conversation_of(row: Mapping[str, Any]) -> Conversation:
    """The messages of a row, whichever columns they stand in."""
    chat = conversation(str(row["prompt"]))
    messages: list[Message] = list(chat.messages)
    if about := row.get("input"):
        messages[-1] = {**messages[-1], "content": f"{messages[-1]['content']}\n\n{about}"}
    if said := row.get("answer"):
        messages += conversation(str(said), speaker="assistant").messages
    tools, told = _tools(row.get("tools"))
    system = "\n\n".join(str(part) for part in (row.get("system"), told) if part)
    if system and messages[0]["role"] != "system":
        messages.insert(0, {"role": "system", "content": system})
    return Conversation(tuple(messages), tools or chat.tools)


def _tools(given: Any) -> tuple[tuple[Mapping[str, Any], ...], str]:
    """Tools as templates read them; a text that is no list of them stays one, to be told as it is."""
    try:
        return tools_of(given), ""
    except ValueError:
        return (), str(given)


def _joined(chat: Conversation, end: str, learn: str) -> Read:
    """Messages one after the other, each answer followed by the tokenizer's end token."""
    text, answers = "", []
    for message in chat.messages:
        said = str(message["content"]) + (end if message["role"] == "assistant" else "")
        if message["role"] == "assistant":
            answers.append((len(text), len(text) + len(said)))
        text += said
    asked = answers[-1][0] if answers and answers[-1][1] == len(text) else len(text)
    if learn == "all":
        answers = [(0, len(text))]
    return Read(text, tuple(answers[-1:] if learn == "last" else answers), asked, templated=False)


def _tokens(read: Read, encoded: Encoded) -> Chatted:
    """Raises ModelError for a tokenizer that does not say where its tokens stand."""
    places = list(encoded.offsets)
    if read.learnt and read.text and not any(end for _, end in places):
        hint = "Use a model whose folder has a tokenizer.json."
        raise ModelError(
            Problem("the tokenizer does not say where its tokens stand in a text.", "model.path", hint=hint)
        )
    learnt = [_within(place, read.learnt) for place in places]
    if learnt:
        learnt[0] = False  # nothing stands before it
    asked = next((at for at, (start, end) in enumerate(places) if end > read.asked and end > start), len(places))
    return Chatted(read.text, list(encoded.ids), places, learnt, asked, len(encoded.ids))


def _within(place: Place, spans: Sequence[Place]) -> bool:
    start, end = place
    return end > start and any(start < stop and end > begin for begin, stop in spans)


def kept_tokens(read: Chatted, most: int) -> Chatted:
    """At most so many tokens: the first ones, unless what is learnt begins behind their middle; then what stands long
    before it is left out."""
    if len(read.ids) <= most:
        return read
    first = next((at for at, learnt in enumerate(read.learnt) if learnt), read.asked)
    begin = max(0, min(len(read.ids) - most, first - most // 2))
    part = slice(begin, begin + most)
    learnt = read.learnt[part]
    learnt[0] = False
    return replace(
        read, ids=read.ids[part], places=read.places[part], learnt=learnt, asked=min(most, max(0, read.asked - begin))
    )
