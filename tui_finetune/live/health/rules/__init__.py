"""The rules, one idea each: numbers in, an opinion out."""
