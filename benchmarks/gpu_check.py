"""Does a device compute what a CPU does, and does a killed training go on with the same bits?"""

import os
import tempfile
from argparse import Namespace
from pathlib import Path

from side_by_side import Table, batch_of, device_name

ALLOWED = {"float32": (0.01, 0.1), "bfloat16": (0.1, 1.0)}
"""How far losses after three steps, and the mean of image levels, may be apart.

GPUs compute float32 in TF32. On a CPU that rounds so, losses were .0004 and levels .03 apart
(by hand, once); in bfloat16 .002 and .06.
"""


def check(options: Namespace) -> Table:
    """Return the same weights on the same images here and on a CPU in float32.

    ENRB's first weights are so small that its output would be black, and say nothing of it.
    """
    import torch

    from zero_leinr.inference import enhance
    from zero_leinr.recipe import Recipe
    from zero_leinr.training_step import COMPILED, training_step

    columns = ["what", "difference", "allowed"]
    table = Table(f"{device_name(options.device)} against a CPU in float32", columns)
    sides = []
    here = (options.device, options.precision, COMPILED if options.compile else ())
    for device, precision, compiled in (("cpu", "float32", ()), here):
        recipe = Recipe().replace({"precision": precision})
        step = training_step(recipe, 0, device, compiled=compiled)
        with torch.no_grad():
            for weight in step.model.enrb.parameters():
                weight *= 10
        fixed, losses = batch_of(2, 128, device), {}
        neighbors = torch.zeros(2, 2, 64, 64, dtype=torch.int64, device=device)
        neighbors[:, 1] = 1
        for _ in range(3):
            for name in step.model.cpleb.branches:
                losses |= step.train_branch(name, fixed)
            with torch.no_grad():
                fused = step.model.cpleb(fixed)
            losses |= step.train_denoiser(fused, neighbors, epoch=50)
        photo = (batch_of(1, 256, "cpu")[0].permute(1, 2, 0) * 255).byte().numpy()
        image = enhance(step.model.eval(), photo, "minimal").astype(int)
        own = step(fixed, 50, 3)  # draws noise and neighbors there, so nothing to compare with
        if not all(torch.isfinite(loss) for loss in own.values()):
            raise SystemExit(f"this device makes losses that are not finite: {own}")
        sides.append(({name: float(loss) for name, loss in losses.items()}, image))
    (expected, reference), (found, image) = sides
    relative, levels = ALLOWED[options.precision]
    rows = [(f"{key}, relative", found[key] / loss - 1, relative) for key, loss in expected.items()]
    rows.append(("enhanced image, mean, of 255", float(abs(image - reference).mean()), levels))
    for name, difference, allowed in rows:
        table.add(name, f"{difference:+.1e}", f"{allowed:g}")
    if not all(abs(difference) <= allowed for _, difference, allowed in rows):  # NaN, too
        table.show(options.out / "tables" / "check")
        raise SystemExit("this device computes something else: see the table; nothing was trained")
    return table


STEPS, KILLED_AT = 20, 12


def check_resume(options: Namespace) -> Table:
    """Kill a training, go on, and compare its bits with those of a whole one."""
    import multiprocessing

    context = multiprocessing.get_context("spawn")
    table = Table(f"Resume on {device_name(options.device)}", ["training", "result"])
    weights = []
    with tempfile.TemporaryDirectory() as folder:
        for run, stops in (("whole", [STEPS]), ("killed", [KILLED_AT, STEPS])):
            for stop in stops:
                arguments = (options, Path(folder) / run, stop)
                process = context.Process(target=_train_until, args=arguments)
                process.start()
                process.join()
                if process.exitcode != (0 if stop == STEPS else KILLED):
                    raise SystemExit("a training that was to be resumed has failed: see above")
            weights.append((Path(folder) / run / "model.safetensors").read_bytes())
    same = weights[0] == weights[1]
    result = "the same bits" if same else "other bits"
    table.add(f"{STEPS} steps, killed after {KILLED_AT} and resumed", result)
    if not same:
        table.show(options.out / "tables" / "resume")
        raise SystemExit(
            "a resumed training ends with other bits on this device; nothing was trained"
        )
    return table


KILLED = 9


def _train_until(options: Namespace, folder: Path, stop: int) -> None:
    """Train for some steps with the loop that `zero-leinr train` drives, and is gone."""
    import functools

    import numpy as np

    from zero_leinr.recipe import Recipe
    from zero_leinr.training import train
    from zero_leinr.training_step import COMPILED, training_step

    on_gpu = options.device.startswith("cuda")
    batch, side = (options.batch, options.size) if on_gpu else (2, 64)
    settings = {"batch": batch, "image_size": side, "epochs": 4, "precision": options.precision}
    recipe = Recipe().replace(settings)
    photos = batch_of(STEPS // 4 * batch, side, "cpu").permute(0, 2, 3, 1)
    images = (photos * 255).byte().numpy()

    def progress(done: int, total: int, values: dict[str, float]) -> None:
        if stop <= done < STEPS:
            os._exit(KILLED)

    compiled = COMPILED if options.compile else ()
    make_step = functools.partial(training_step, compiled=compiled)
    train(
        recipe, np.ascontiguousarray(images), 0, folder, make_step=make_step,
        device=options.device, checkpoint_every=4, checkpoint_seconds=0, progress=progress,
    )  # fmt: skip
