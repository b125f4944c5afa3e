"""Zero-LEINR: zero-reference low-light image enhancement with intrinsic noise reduction.

The method and its training, importable alone; needs torch, numpy and safetensors, no more.
Read it in this order: curves, cpleb, enrb, losses, noise, model, recipe, training_step, training.

Source: Tang et al., ISCAS 2023, doi 10.1109/ISCAS46773.2023.10181743; the official code
nycu-acm/Zero-LEINR at commit 22756bf6 is the reference wherever the paper leaves room.
"""
