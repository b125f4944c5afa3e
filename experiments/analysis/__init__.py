"""Analysis: what the scores of a study say; statistics, without a table or a figure."""
