"""What is trained beside the plain way: rates by layer and pattern, parts that begin frozen, adapters, regularizers."""
