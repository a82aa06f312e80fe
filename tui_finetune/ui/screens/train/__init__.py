"""The screen of a recipe: a form beside its file, checked while it is typed, from which a run is started."""
