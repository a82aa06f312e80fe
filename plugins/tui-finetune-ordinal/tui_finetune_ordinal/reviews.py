"""star-reviews: short reviews of one to five stars, made up on the spot, so that the task can be tried anywhere."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tui_finetune.plugin_api import Opened, OpenRequest, Progress, Source, columns_of, no_progress, write_split

if TYPE_CHECKING:
    from pydantic import BaseModel

THINGS = (
    "room",
    "breakfast",
    "staff",
    "view",
    "bed",
    "pool",
    "bar",
    "service",
    "bathroom",
    "location",
    "price",
    "lift",
)
JUDGEMENTS = {
    1: ("terrible", "filthy", "a disgrace", "unusable", "awful"),
    2: ("disappointing", "below average", "rather poor", "tired", "not good"),
    3: ("acceptable", "average", "nothing special", "fine", "all right"),
    4: ("good", "pleasant", "better than expected", "nice", "well kept"),
    5: ("perfect", "outstanding", "the best we ever had", "superb", "wonderful"),
}
TEMPLATES = (
    "The {thing} was {words}.",
    "{Thing}: {words}.",
    "We found the {thing} {words}.",
    "For us the {thing} was {words}.",
)
RATED = 0.3
"""Share of reviews that end with their rating in figures, as real ones do: what `hide-ratings` is for."""


class StarReviews(Source):
    name = "star-reviews"
    help = "Made-up reviews with one to five stars, the same for the same seed."
    needs_path = False

    def options_model(self) -> type[BaseModel]:
        from pydantic import BaseModel, ConfigDict, Field

        class StarReviewOptions(BaseModel):
            model_config = ConfigDict(extra="forbid")

            rows: int = Field(default=1000, ge=10, le=1_000_000, title="Rows of train; test has a fifth of them")
            seed: int = Field(default=0, title="Seed of the generator")

        return StarReviewOptions

    def open(self, request: OpenRequest, progress: Progress = no_progress) -> Opened:
        import pyarrow as pa

        rows, seed = int(request.options.get("rows", 1000)), int(request.options.get("seed", 0))
        schema = pa.schema([("text", pa.string()), ("stars", pa.int64())])
        folder = request.cache / f"{self.name}-{rows}-{seed}"
        sizes = {"train": rows, "test": max(rows // 5, 1)}
        splits = {}
        for name, size in sizes.items():
            made = _reviews(random.Random(f"{seed}-{name}"), size)
            splits[name] = write_split(folder, name, made, schema=schema, place=f"{self.name}/{name}")
            progress(f"writing {name}", size, size)
        return Opened(self.name, f"{sum(sizes.values()):,} made-up reviews, seed {seed}", splits, columns_of(schema))


def _reviews(draw: random.Random, count: int) -> Iterator[Mapping[str, Any]]:
    for _ in range(count):
        stars = draw.randint(1, 5)
        sentences = []
        for thing in draw.sample(THINGS, draw.randint(1, 3)):
            # One sentence in five is off by a star, so that a perfect score is out of reach.
            level = min(5, max(1, stars + draw.choice((0, 0, 0, 0, draw.choice((-1, 1))))))
            words = draw.choice(JUDGEMENTS[level])
            sentences.append(draw.choice(TEMPLATES).format(thing=thing, Thing=thing.capitalize(), words=words))
        if draw.random() < RATED:
            sentences.append(draw.choice((f"{stars}/5", f"{stars} stars.", "★" * stars + "☆" * (5 - stars))))
        yield {"text": " ".join(sentences), "stars": stars}
