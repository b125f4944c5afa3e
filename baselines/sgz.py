"""SGZ: the network of Zero-DCE++, trained with a semantic loss besides.

Source: S. Zheng and G. Gupta, "Semantic-Guided Zero-Shot Learning for Low-Light Image/Video
Enhancement", WACV workshops 2022; test rules of ``test.py`` in
ShenZheng2000/Semantic-Guided-Low-Light-Image-Enhancement at 94dedc53. Architecture, scale factor
12, crop and rounding are those of Zero-DCE++; the segmentation network serves training alone.
"""

from baselines.zero_dce_pp import build

__all__ = ["build"]
