"""Steering: what changes while a run trains, and a loop whose shape can change with it. docs/architecture.md, section 8."""
