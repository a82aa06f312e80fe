"""What can be done with the data that are open, and why not."""

from __future__ import annotations

from tui_finetune.live.offers import ON, Offer, off
from tui_finetune.ui.screens.data.looking import Looking


class Offering(Looking):
    """A page that says what is on."""

    @property
    def mode(self) -> str:
        """Which panes have the screen."""
        raise NotImplementedError

    def open_offer(self) -> Offer:
        return ON if self.found is not None else off("No data open.")

    def rows_offer(self) -> Offer:
        if self.mode != "rows":
            return off("It is of the Rows tab." if self.found is not None else "No data open.")
        return ON

    def row_offer(self) -> Offer:
        if self.mode not in ("rows", "row"):
            return off("No row here.")
        return ON if self.count else off("No row under the cursor.")

    def choose_offer(self) -> Offer:
        return ON if self.found is not None or self.problems else off("No data open.")

    def tokens_offer(self) -> Offer:
        if not self.row_offer().on:
            return self.row_offer()
        if self.found is not None and self.found.looked and self.found.tokenizer is None:
            return off(f"{self.found.model or 'No model'} has no tokenizer here; m chooses a model.")
        return ON

    def reload_offer(self) -> Offer:
        return ON if self.asked is not None and not self.opening else off("No data open.")

    def new_offer(self) -> Offer:
        if self.found is None:
            return off("No data open.")
        if not self.found.looked:
            return off("Labels and lengths are being looked at still.")
        if self.found.look.get("run") is None:
            return off("Its problems come first; Prepared lists them.")
        return ON

    def try_offer(self) -> Offer:
        if not self.row_offer().on:
            return self.row_offer()
        return ON if self.found is not None and self.found.inputs else off("No column here is read by a model.")
