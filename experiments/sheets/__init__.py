"""Readers of `config/`: what users write, checked."""
