"""From results to a paper: tables, figures, numbers and bibliography for LaTeX."""
