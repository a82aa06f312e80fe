"""The interface: Textual on the run directory. Imported by the verb `open` alone, and imports nothing that trains."""
