"""Large files brought to Parquet once: a piece at a time, the rows and their ids as a whole reading would have them."""
