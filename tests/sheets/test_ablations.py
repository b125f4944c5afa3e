"""The ablation sheet: every variant is a real training that differs in its own part alone."""

import functools
import itertools
import re
import shlex
import sys

import numpy as np
import pytest
import torch
import yaml

from experiments.cli.main import main
from experiments.sheets.ablations import ABLATIONS, Ablation, load_ablations
from experiments.sheets.add_ablation import add_ablation
from experiments.sheets.reading import CONFIG
from experiments.sheets.study import Studies
from zero_leinr import losses, rng
from zero_leinr.batches import batches
from zero_leinr.errors import InputError
from zero_leinr.recipe import Recipe
from zero_leinr.training_step import training_step

PARTS = {"light", "color", "denoiser"}
# The first two of three epochs: ENRB's learning rate halves, and lambda leaves 0.
SMALL = {"epochs": 3, "steps_per_epoch": 1, "batch": 1, "image_size": 128, "crop": 64}
STEPS = 2
# Which parts must end with the full method's weights, to the bit.
UNTOUCHED = {
    "light_only": {"light"},
    "color_only": {"color"},
    "no_enrb": {"light", "color"},
    "light_only_no_enrb": {"light"},
    "no_constancy": {"color"},
    "no_enrb_no_constancy": {"color"},
    "no_angle": {"light"},
    "angle_weight": {"light"},
    "no_regularization": {"light", "color"},
}


def one_of_each_entry() -> dict[str, Recipe]:
    """The variants under their entries' names; of a sweep the first one, to save time.

    Those that only train for fewer steps are the full method here.
    """
    variants = load_ablations()
    recipes = {}
    for entry, settings in yaml.safe_load(ABLATIONS.read_text()).items():
        if settings.get("overrides", {}).keys() == {"steps_per_epoch"}:
            continue
        name = entry if entry in variants else next(v for v in variants if v.startswith(entry))
        recipes[entry] = Recipe().replace(variants[name].overrides | SMALL)
    return recipes


VARIANTS = one_of_each_entry()
OTHERS = [name for name in VARIANTS if name != "zero_leinr"]


class Training:
    """A few steps of a variant, and all that they did: batches, rates, random streams, lambda."""

    def __init__(self, recipe: Recipe, images: np.ndarray) -> None:
        self.batches, self.rates, self.losses = [], [], []
        self.generators, self.unweighted = {}, []
        with pytest.MonkeyPatch.context() as patch:
            _wrap(patch, rng.stream, self.drawn_from)
            _wrap(patch, losses.regularization, self.regularized)
            step = training_step(recipe, 7, "cpu")
            shown = batches(images, recipe, 7, 0, "cpu")
            for number, epoch, batch in itertools.islice(shown, STEPS):
                self.batches.append(batch.clone())
                values = step(batch, epoch, number)
                self.losses.append({name: value.item() for name, value in values.items()})
                rates = {part: o.param_groups[0]["lr"] for part, o in step.optimizers.items()}
                self.rates.append(rates)
        self.weights = step.model.state_dict()
        # Where each stream stood in the end tells how much was drawn from it.
        self.streams = {key: g.get_state() for key, g in self.generators.items()}

    def drawn_from(self, stream, *key, **device):
        return self.generators.setdefault(key, stream(*key, **device))

    def regularized(self, regularization, *images):
        value = regularization(*images)
        self.unweighted.append(value.item())
        return value

    def part(self, name: str) -> dict[str, torch.Tensor]:
        prefix = "enrb." if name == "denoiser" else f"cpleb.branches.{name}."
        return {k: weight for k, weight in self.weights.items() if k.startswith(prefix)}


def _wrap(patch, function, wrapper) -> None:
    """Puts ``wrapper`` between a function and everyone in ``zero_leinr`` who calls it."""

    def wrapped(*arguments, **options):
        return wrapper(function, *arguments, **options)

    for module in [m for name, m in sys.modules.items() if name.startswith("zero_leinr")]:
        if getattr(module, function.__name__, None) is function:
            patch.setattr(module, function.__name__, wrapped)


@pytest.fixture(scope="module")
def trainings() -> dict[str, Training]:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 80, (5, 16, 16, 3)).astype(np.uint8).repeat(8, 1).repeat(8, 2)
    return {name: Training(recipe, images) for name, recipe in VARIANTS.items()}


@pytest.fixture(scope="module")
def full(trainings) -> Training:
    return trainings["zero_leinr"]


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


# ------------------------------------------------------------------- one seed, one part changed


@pytest.mark.parametrize("name", OTHERS)
def test_a_variant_changes_its_own_parts_alone(trainings, full, name):
    alike = {part for part in PARTS if same(trainings[name].part(part), full.part(part))}
    assert alike == UNTOUCHED.get(name, set())


def test_every_entry_is_a_training_of_its_own(trainings):
    runs = list(trainings.values())
    for i, run in enumerate(runs):
        assert not any(same(run.weights, other.weights) for other in runs[:i])


def test_parts_that_are_left_out_are_not_there(trainings):
    there = {n: {p for p in PARTS if run.part(p)} for n, run in trainings.items()}
    without = {name: {"denoiser"} for name in trainings if name.startswith("no_enrb")}
    without |= {"light_only": {"color"}, "color_only": {"light"}}
    without["light_only_no_enrb"] = {"color", "denoiser"}
    assert there == {name: PARTS - without.get(name, set()) for name in trainings}


@pytest.mark.parametrize("loss", ["spatial", "exposure", "smoothness", "constancy", "angle"])
def test_a_loss_is_left_out_of_every_branch_that_has_it(trainings, full, loss):
    gone = {name for name in full.losses[0] if name.endswith(f"/{loss}")}
    assert gone
    assert full.losses[0].keys() - trainings[f"no_{loss}"].losses[0].keys() == gone


# ------------------------------------------------------------------------ streams and schedules


@pytest.mark.parametrize("name", OTHERS)
def test_variants_see_the_same_images_and_draws(trainings, full, name):
    run = trainings[name]
    assert all(torch.equal(a, b) for a, b in zip(run.batches, full.batches, strict=True))
    other_noise = VARIANTS[name].noise != VARIANTS["zero_leinr"].noise
    for key, state in run.streams.items():
        if not (other_noise and key[1] == "noise"):
            assert torch.equal(state, full.streams[key]), key
    parts = {key[1] for key in run.streams}
    assert parts >= {"order", "crop"} | {f"init/{part}" for part in PARTS if run.part(part)}
    assert ("neighbors" in parts) == bool(run.part("denoiser"))


def test_without_noise_nothing_is_drawn_from_its_stream(trainings, full):
    fresh = {key: rng.stream(*key).get_state() for key in full.streams}
    for key, state in trainings["no_noise"].streams.items():
        assert torch.equal(state, fresh[key]) == (key[1] == "noise")
    assert not any(torch.equal(full.streams[key], fresh[key]) for key in full.streams)


@pytest.mark.parametrize("name", VARIANTS)
def test_learning_rates_and_lambda_are_the_same_in_all_variants(trainings, full, name):
    run = trainings[name]
    for ours, official in zip(run.rates, full.rates, strict=True):
        assert ours == {part: official[part] for part in ours}
    assert "denoiser" not in run.rates[0] or len({rates["denoiser"] for rates in run.rates}) > 1
    if "denoiser/regularization" in run.losses[0]:
        weighted = [values["denoiser/regularization"] for values in run.losses]
        ramp = [w / u for w, u in zip(weighted, run.unweighted, strict=True)]
        assert ramp == pytest.approx([0, 2 / 3], rel=1e-4)


# --------------------------------------------------------------------------------- the sheet


def write(path, **entries):
    path.write_text(yaml.safe_dump(entries, sort_keys=False))
    return path


def test_a_sweep_is_a_variant_for_each_value(tmp_path):
    sheet = write(
        tmp_path / "sheet.yaml",
        angle={
            "label": "angle {value}",
            "sweep": {"color.angle": [0.25, 2]},
            "overrides": {"denoiser": None, "color": {"spatial": 0}},
            "studies": ["paper"],
        },
        noise={"label": "{value}", "sweep": {"noise": ["gauss5_50"]}},
    )
    found = load_ablations(sheet)
    assert list(found) == ["angle_0_25", "angle_2", "noise_gauss5_50"]
    assert found["angle_0_25"].overrides == {
        "denoiser": None, "color": {"spatial": 0, "angle": 0.25}
    }  # fmt: skip
    assert (found["angle_2"].label, found["angle_2"].studies) == ("angle 2", ["paper"])
    assert found["noise_gauss5_50"].overrides == {"noise": "gauss5_50"}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"label": "a"}, "a"),
        ({"label": "no place", "sweep": {"lr": [1.0]}}, r"a\.label"),
        ({"label": "{value}", "sweep": {"lr": [1.0], "clip": [1.0]}}, r"a\.sweep"),
        ({"label": "{value}", "sweep": {"lr": [1.0, 1.0]}}, r"a\.sweep\.lr"),
        ({"label": "{value}", "sweep": {"noise": ["gauss5.5", "gauss5_5"]}}, "already is"),
        ({"label": "a", "overrides": {}, "study": ["demo"]}, "unknown key 'study'"),
    ],
)
def test_wrong_entries_name_file_and_key(tmp_path, entry, message):
    with pytest.raises(InputError, match=rf"sheet\.yaml: .*{message}"):
        load_ablations(write(tmp_path / "sheet.yaml", a=entry))


def test_an_entry_that_stands_twice_is_refused(sheet):
    sheet.write_text(sheet.read_text() + "\nno_angle: {label: again, overrides: {lr: 0.1}}\n")
    with pytest.raises(InputError, match=r"ablations\.yaml: .*no_angle stands there twice"):
        load_ablations(sheet)


@pytest.mark.parametrize(
    ("overrides", "studies", "message"),
    [
        ({"light": {"angle": 0}}, None, "the same training as zero_leinr"),
        ({"exposure_level": 0.6}, None, "the same training as zero_leinr"),
        ({"epochs": 20}, None, "the same training as zero_leinr"),  # budgets overrule it
        ({"denoiser": None}, ["demo"], "the same training as no_enrb"),
        ({"lr": 0.1}, ["dmeo"], "unknown study 'dmeo'; did you mean demo"),
        ({"lr": "fast"}, ["demo"], "lr must be a number"),
        ({"light": {"exposure": "1e1"}}, ["demo"], "the same training as zero_leinr"),
    ],
)
def test_settings_that_change_nothing_or_cannot_be_are_refused(overrides, studies, message):
    sheet = load_ablations() | {"mine": Ablation("mine", overrides, studies)}
    with pytest.raises(InputError, match=rf"ablations\.yaml: mine: .*{message}"):
        list(Studies(ablations=sheet).values())


def test_an_entry_without_studies_joins_all_that_take_variants():
    sheet = load_ablations() | {"mine": Ablation("mine", {"clip": 0.2}, None)}
    joined = {s.name for s in Studies(ablations=sheet).values() if "mine" in s.methods}
    assert joined >= {"demo", "quick", "ablation", "ablations", "paper"}
    assert "baselines" not in joined


def test_the_ablation_studies_hold_the_sheet():
    studies = Studies()
    # Those have studies of their own.
    sheet = {n for n in load_ablations() if not n.startswith(("steps_", "no_enrb_no_"))}
    swept = {
        name for name in sheet if name.startswith(("exposure_level", "angle_weight", "noise_range"))
    }
    assert len(sheet - swept) == 12
    assert len(swept) >= 8
    for name, variants, seeds in (
        ("ablations", sheet, [0, 1, 2]),
        ("paper", sheet, [0, 1, 2]),
        ("ablation", sheet - swept, [0, 1, 2]),
    ):
        study = studies[name]
        assert {method.name for method in study.trained} >= variants
        assert all(method.seeds[: len(seeds)] == seeds for method in study.trained)


# ------------------------------------------------------------------------------------ by hand


@pytest.fixture
def sheet(tmp_path, monkeypatch):
    """A copy of the sheet, which `ablate` writes to."""
    path = tmp_path / "ablations.yaml"
    path.write_text(ABLATIONS.read_text())
    to_copy = functools.partial(add_ablation, sheet=path)
    monkeypatch.setattr("experiments.sheets.add_ablation.add_ablation", to_copy)
    return path


def test_ablate_appends_an_entry_and_keeps_the_rest(sheet, capsys):
    before, known = sheet.read_text(), load_ablations(sheet)
    settings = ["color.angle=0", "denoiser=null", "noise=gauss5_50", "lr=0.001"]
    label = "odd: {label} # 'µ'"
    arguments = ["--label", label, "--studies", "demo", "paper"]
    assert main(["ablate", "mine", "--set", *settings, *arguments]) == 0
    assert sheet.read_text().startswith(before)
    found = load_ablations(sheet)
    mine = found.pop("mine")
    assert found == known
    assert mine.overrides == {
        "color": {"angle": 0}, "denoiser": None, "noise": "gauss5_50", "lr": 0.001
    }  # fmt: skip
    assert (mine.label, mine.studies) == (label, ["demo", "paper"])
    assert "zero-leinr run demo" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no_angle", "--set", "lr=0.1"], "has one of this name"),
        (["exposure_level", "--set", "lr=0.1"], "has one of this name"),
        (["exposure_level_0_5", "--set", "lr=0.1"], "has one of this name"),
        (["zero_dce", "--set", "lr=0.1"], "a baseline of this name"),
        (["../mine", "--set", "lr=0.1"], "a-z, 0-9 and _"),
        (["mine", "--set", "light.constancy=5"], "the same training as zero_leinr"),
        (["mine", "--set", "light.spatail=0"], "did you mean spatial"),
        (["mine", "--set", "light=null", "light.spatial=0"], "set as a whole"),
        (["mine", "--set", "lr=0.1", "--studies", "baselines"], "takes variants"),
    ],
)
def test_ablate_refuses_in_one_line_and_leaves_the_sheet(sheet, capsys, arguments, message):
    before = sheet.read_bytes()
    assert main(["ablate", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert sheet.read_bytes() == before
    assert list(sheet.parent.iterdir()) == [sheet]


def test_a_sheet_that_cannot_be_appended_to_is_left_as_it_is(sheet, capsys):
    braces = yaml.safe_dump(yaml.safe_load(sheet.read_text()), default_flow_style=True)
    sheet.write_text(braces)
    assert main(["ablate", "mine", "--set", "clip=0.2"]) == 2
    assert "write it by hand" in capsys.readouterr().err
    assert sheet.read_text() == braces


def test_the_how_to_page_shows_what_works(sheet):
    """Its entries and its command, as a reader would add them."""
    page = (CONFIG.parent.parent / "docs" / "add-an-ablation.md").read_text()
    entries = re.findall(r"```yaml\n(.*?)```", page, re.S)
    (command,) = re.findall(r"```\n(zero-leinr ablate .*?)\n```", page, re.S)
    before = load_ablations(sheet)
    with sheet.open("a") as file:
        file.write("\n" + "\n".join(entries))
    words = shlex.split(command.replace("\\\n", " "))
    assert main([*words[1:]]) == 0
    added = list(load_ablations(sheet))[len(before) :]
    assert added == [
        "no_smoothness_light",
        "learning_rate_0_0003",
        "learning_rate_0_0012",
        "gaussian",
    ]
