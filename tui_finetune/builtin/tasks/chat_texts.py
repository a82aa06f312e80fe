"""A prompt and its answers as the texts that a model reads: by a chat template where they are conversations, else joined.

As TRL does it: a conversation goes through the template, and an answer begins where the tokens of prompt and answer part
from those of the prompt alone; a plain text is followed by the tokenizer's end token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from tui_finetune.errors import DataError, Problem
from tui_finetune.plugin_api import Encoder
from tui_finetune.plugin_api.chat import NAMED, Chat, render
from tui_finetune.plugin_api.conversations import Conversation, Message, conversation, is_conversation

OWN = "model"
"""The template that the model's tokenizer has."""
DEFAULT = "alpaca"
"""Of a tokenizer without one, for conversations."""


@dataclass(frozen=True)
class Texts:
    """A prompt, and it with each of its answers."""

    prompt: str
    whole: tuple[str, ...]
    templated: bool
    """The special tokens stand in the text."""


@dataclass(frozen=True)
class Answered:
    """A prompt with an answer, as tokens; the first `prompt` of them are the prompt's."""

    ids: list[int]
    prompt: int


def template_of(chat: Chat, option: str | None) -> str:
    """The template that an option names: of the model, one of ours by name, or itself. Raises DataError where there is none."""
    if option in (None, OWN):
        if chat.template is None and option == OWN:
            hint = f"Name one: {', '.join(NAMED)}."
            raise DataError(Problem("the tokenizer has no chat template.", key="task_options.template", hint=hint))
        return chat.template or NAMED[DEFAULT]
    assert option is not None
    return NAMED.get(option, option)


def texts_of(prompt: str | None, answers: Sequence[str], chat: Chat, option: str | None) -> Texts:
    """prompt: None where the answers begin with what they have in common. option: the template; plain texts have none by
    default."""
    if option is None and not any(map(is_conversation, [prompt or "", *answers])):
        return _plain(prompt, answers, chat.end)
    asked = conversation(prompt) if prompt is not None else None
    said = [conversation(answer, speaker="assistant").messages for answer in answers]
    if asked is None:
        shared = _shared(said)
        asked = Conversation(shared, conversation(answers[0]).tools if answers else ())
        said = [messages[len(shared) :] for messages in said]
    template = template_of(chat, option)
    whole = [render(template, Conversation((*asked.messages, *one), asked.tools), chat.tokens) for one in said]
    return Texts(render(template, asked, chat.tokens, ask=True), tuple(whole), templated=True)


def _plain(prompt: str | None, answers: Sequence[str], end: str) -> Texts:
    if prompt is None:
        begin = _beginning(answers)
        prompt, answers = begin, [answer[len(begin) :] for answer in answers]
    ended = [answer if not end or answer.endswith(end) else answer + end for answer in answers]
    return Texts(prompt, tuple(prompt + answer for answer in ended), templated=False)


def _beginning(answers: Sequence[str]) -> str:
    """What several texts begin with, up to a blank, as TRL takes it for the prompt; nothing of a single one."""
    if len(answers) < 2:
        return ""
    first, *others = answers
    length = sum(1 for _ in takewhile(lambda at: all(o[at : at + 1] == first[at] for o in others), range(len(first))))
    return first[: length - 1] if length and first[length - 1] == " " else first[:length]


def _shared(said: Sequence[Sequence[Message]]) -> tuple[Message, ...]:
    """Messages that all begin with; of a single conversation all but the last."""
    if not said:
        return ()
    most = min(len(one) for one in said) - (1 if len(said) == 1 else 0)
    same = takewhile(lambda at: all(one[at] == said[0][at] for one in said), range(most))
    return tuple(said[0][at] for at in same)


def tokenized(rows: Sequence[Texts], encoder: Encoder) -> list[list[Answered]]:
    """The answers of each row behind its prompt, of any length."""
    found: list[list[Answered]] = [[] for _ in rows]
    for templated in (False, True):
        places = [place for place, row in enumerate(rows) if row.templated is templated]
        texts = [text for place in places for text in (rows[place].prompt, *rows[place].whole)]
        ids = iter([one.ids for one in encoder.whole(texts, special=not templated)])
        for place in places:
            prompt = next(ids)
            whole = [next(ids) for _ in rows[place].whole]
            length = min((_alike(prompt, one) for one in whole), default=len(prompt))
            found[place] = [Answered(one, length) for one in whole]
    return found


def prompts(rows: Sequence[Texts], encoder: Encoder) -> list[list[int]]:
    """The tokens of prompts alone, ending where the answer is to begin."""
    found: list[list[int]] = [[] for _ in rows]
    for templated in (False, True):
        places = [place for place, row in enumerate(rows) if row.templated is templated]
        encoded = encoder.whole([rows[place].prompt for place in places], special=not templated)
        for place, one in zip(places, encoded, strict=True):
            found[place] = list(one.ids)
    return found


def _alike(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def cut(answers: Sequence[Answered], most: int) -> list[Answered]:
    """Answers to one prompt with at most `most` tokens each. A prompt that leaves the longest answer no room loses its
    beginning, down to half of the room; then the answers lose their end."""
    if all(len(one.ids) <= most for one in answers):
        return list(answers)
    prompt = answers[0].prompt
    longest = max(len(one.ids) - one.prompt for one in answers)
    kept = min(prompt, max(most - longest, most - most // 2))
    return [Answered(one.ids[prompt - kept : prompt - kept + most], kept) for one in answers]
