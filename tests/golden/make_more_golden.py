"""Makes ``more_baselines.npz`` by running more official networks of the baselines on the CPU.

As ``make_baseline_golden.py``, whose helpers this uses: clone their codes side by side at the
commits that the files in ``baselines/`` name, under these folder names, and run::

    python tests/golden/make_more_golden.py /somewhere

    SCL-LLE  CLIP-LIT  PSENet-Image-Enhancement  Self-DACE  Illumination-Adaptive-Transformer
    URetinex-Net  RRDNet  RetinexDIP

RRDNet and RetinexDIP run as they are for some iterations, with torch seeded before they make their
networks. Of packages that the codes import (timm, OpenCV, SciPy's ``imresize``) only what is called
is needed; it stands below, as their manuals say.
"""

import argparse
import importlib
import os
import sys
import tempfile
import types
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from baseline_inputs import dark_batch, dark_photo, fill
from make_baseline_golden import code
from PIL import Image
from torch import nn

ITERATIONS = 3
SELF_DACE = "Self-DACE/codes_SelfDACE"
OPTIONS = argparse.Namespace(
    round=3, gamma=0.1, lamda=0.5, Roffset=0.05, Loffset=0.05, concat_L=True, norm_layer="batch",
    R_model="HalfDnCNNSE", L_model="Illumination_Alone", A_model="naive",
)  # fmt: skip
"""Those that URetinex-Net's files hold."""


def uretinex_net(x: torch.Tensor, place: str) -> torch.Tensor:
    """``test.py`` with ratio 5 and weights that it finds in three files."""
    test, network = (importlib.import_module(name) for name in ("test", "utils"))
    parts = nn.ModuleDict(
        {
            "model_decom": test.Decom(),
            "model_R": network.define_modelR(OPTIONS),
            "model_L": network.define_modelL(OPTIONS),
            "model_A": network.define_modelA(OPTIONS),
        }
    )
    state = {name: part.state_dict() for name, part in fill(parts, biases=0.1).items()}
    files = {name: f"{place}/{name}.pth" for name in ("decom", "unfolding", "adjust")}
    torch.save({"state_dict": {"model_R": state["model_decom"]}}, files["decom"])
    for name in ("unfolding", "adjust"):
        torch.save({"opts": OPTIONS, "state_dict": state}, files[name])
    options = argparse.Namespace(
        ratio=5,
        Decom_model_low_path=files["decom"],
        unfolding_model_path=files["unfolding"],
        adjust_model_path=files["adjust"],
    )
    return test.Inference(options)(x)[0]


def rrdnet() -> np.ndarray:
    """``pipline_retinex``, which passes once more than it is told."""
    with mock.patch("torch.Tensor.to", lambda tensor, *_: tensor):  # its settings say "cuda"
        settings = importlib.import_module("conf")
    settings.device, settings.iterations = "cpu", ITERATIONS
    torch.manual_seed(0)
    network = importlib.import_module("model.RRDNet").RRDNet()
    fitted = importlib.import_module("pipline").pipline_retinex(
        network, Image.fromarray(dark_photo())
    )
    return np.asarray(fitted[0])


def retinexdip(place: str) -> np.ndarray:
    """``Enhancement`` as its script calls it, its result taken after the last iteration."""
    with mock.patch.object(sys, "argv", ["Retinexdip.py"]):
        script = importlib.import_module("Retinexdip")
    torch.manual_seed(0)
    os.chdir(place)
    enhancement = script.Enhancement(
        "a.png", Image.fromarray(dark_photo()), show_every=ITERATIONS, num_iter=ITERATIONS
    )
    enhancement.optimize()
    return enhancement.best_result[..., ::-1]


def imresize(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """SciPy's, removed in 1.3: stretched to 8 bit, then resized by Pillow."""
    scale = 255.0 / (image.max() - image.min())
    values = ((image - image.min()) * scale).clip(0, 255) + 0.5
    resized = Image.fromarray(values.astype(np.uint8)).resize(size[::-1], Image.BILINEAR)
    return np.asarray(resized)


def gaussian_kernel(size: int, sigma: float) -> np.ndarray:
    """OpenCV's ``getGaussianKernel``: a column that sums to 1."""
    column = np.exp(-((np.arange(size) - (size - 1) / 2) ** 2) / (2 * sigma**2))
    return (column / column.sum())[:, None]


def stand_in(name: str, **members: object) -> None:
    """Makes a module that is not installed importable."""
    sys.modules[name] = types.ModuleType(name)
    vars(sys.modules[name]).update(members)


def packages() -> None:
    """What the codes import beyond this suite's own packages."""
    stand_in("timm")
    stand_in("timm.models")
    stand_in(
        "timm.models.layers",
        trunc_normal_=nn.init.trunc_normal_,
        DropPath=lambda probability: nn.Identity(),  # as in evaluation
        to_2tuple=lambda x: (x, x),
    )
    stand_in("timm.models.vision_transformer", VisionTransformer=None, _cfg=None)
    stand_in("timm.models.registry", register_model=None)
    stand_in(
        "cv2",
        getGaussianKernel=gaussian_kernel,
        LUT=lambda image, table: table[image],
        merge=np.dstack,
        imwrite=lambda *_: None,
    )
    import scipy

    scipy.misc = types.SimpleNamespace(imresize=imresize, imsave=lambda *_: None)
    stand_in("scipy.misc", **vars(scipy.misc))


def image_io() -> None:
    """What is called of RetinexDIP's folder ``utils``, which imports scikit-video beside."""
    stand_in("utils")
    stand_in("utils.vggloss", VGG16=None)
    stand_in("utils.sgld", SGLD=None)
    stand_in("utils.imresize", imresize=None)
    stand_in(
        "utils.image_io",
        pil_to_np=lambda image: np.asarray(image).transpose(2, 0, 1).astype(np.float32) / 255.0,
        np_to_torch=lambda image: torch.from_numpy(np.ascontiguousarray(image))[None],
        torch_to_np=lambda image: image.detach().cpu().numpy()[0],
    )


def main(codes: Path) -> None:
    """Runs every official network on the dark batch and writes the numbers beside this file."""
    torch.Tensor.cuda = lambda self, *args, **kwargs: self
    torch.nn.Module.cuda = lambda self, *args, **kwargs: self
    torch.cuda.FloatTensor = torch.FloatTensor
    packages()
    load = torch.load
    x = dark_batch()
    found: dict[str, torch.Tensor] = {}
    with (
        torch.no_grad(),
        tempfile.TemporaryDirectory() as temporary,
        mock.patch("torch.load", lambda file: load(file, weights_only=False)),
    ):
        with code(codes / "SCL-LLE"):
            net = fill(importlib.import_module("lowlight_model").enhance_net_nopool())
            found["scl_lle"] = net(x)[1]
        with code(codes / "CLIP-LIT"):
            net = fill(importlib.import_module("model_small").UNet_emb_oneBranch_symmetry(3, 1))
            found["clip_lit"] = net(x)
        with code(codes / "PSENet-Image-Enhancement/source"):
            found["psenet"] = fill(importlib.import_module("model").UnetTMO())(x)[0]
        with code(codes / SELF_DACE / "old_version/stage1"):
            found["self_dace"] = fill(importlib.import_module("model").light_net())(x)[0]
        with code(codes / SELF_DACE / "new_version/stage_1_small_lit"):
            net = fill(importlib.import_module("model").light_net(mode="test", layers=12))
            found["self_dace_pp"] = net(x, mode="test")[0]
        with code(codes / "Illumination-Adaptive-Transformer/IAT_enhance"):
            found["iat"] = fill(importlib.import_module("model.IAT_main").IAT())(x)[2]
        with code(codes / "URetinex-Net"):
            found["uretinex_net"] = uretinex_net(x, temporary)
        numbers = {name: image.numpy() for name, image in found.items()}
        with code(codes / "RRDNet"), torch.enable_grad():
            numbers["rrdnet"] = rrdnet()
        with code(codes / "RetinexDIP"), torch.enable_grad():
            image_io()
            numbers["retinexdip"] = retinexdip(temporary)
    np.savez_compressed(Path(__file__).with_name("more_baselines.npz"), **numbers)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
