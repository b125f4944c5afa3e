"""Tables: CSV, Markdown and LaTeX."""
