"""The study: data, training runs, enhanced images, scores, tables, figures and the report."""
