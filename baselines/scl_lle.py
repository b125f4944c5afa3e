"""SCL-LLE: the network of Zero-DCE, trained with semantic and contrastive losses besides.

Source: D. Liang et al., "Semantically Contrastive Learning for Low-Light Image Enhancement", AAAI
2022; test rules of ``lowlight_test.py`` in LingLIx/SCL-LLE at 408d89a5: architecture, size and
rounding are those of Zero-DCE; the segmentation network serves training alone.
"""

from baselines.zero_dce import build

__all__ = ["build"]
