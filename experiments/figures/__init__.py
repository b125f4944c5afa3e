"""Figures: PDF and PNG."""
