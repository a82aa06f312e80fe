"""SQuAD's layout, articles of paragraphs of questions, as a row a question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def is_nested(rows: Sequence[Any]) -> bool:
    """True where objects are articles whose paragraphs hold questions."""
    return bool(rows) and all(_paragraphs(row) is not None for row in rows)


def questions(articles: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """id, title, question, context, answers (each with its text and answer_start), and what else a question holds."""
    return list(_questions(articles))


def _questions(articles: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for article in articles:
        titled = {"title": article["title"]} if "title" in article else {}
        for paragraph in _paragraphs(article) or ():
            for asked in paragraph["qas"]:
                known = {"id": asked.get("id"), **titled, "question": asked.get("question")}
                more = {key: value for key, value in asked.items() if key not in known}
                yield {**known, "context": paragraph.get("context"), "answers": more.pop("answers", None), **more}


def _paragraphs(article: Any) -> list[Mapping[str, Any]] | None:
    """The paragraphs of an article; None where it is something else."""
    found = article.get("paragraphs") if isinstance(article, Mapping) else None
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        return None
    asked = [each.get("qas") for each in found]
    alike = all(isinstance(each, list) and all(isinstance(one, Mapping) for one in each) for each in asked)
    return found if alike else None
