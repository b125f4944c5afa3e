"""The report of a study: one page that shows what was found, and opens without a network."""
