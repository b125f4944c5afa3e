"""Tables: CSV and Markdown."""
