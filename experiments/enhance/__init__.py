"""Enhance: a method's images of every data set, and what an image costs."""
