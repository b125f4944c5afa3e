"""Published figures beside the measured ones (docs/published.md)."""

import pandas as pd

from experiments.analysis.model import StudyResults
from experiments.analysis.statistics import summarize
from experiments.sheets.published import COLUMNS

STANDARD = "standard"


def beside_measured(
    study: StudyResults, scores: pd.DataFrame, figures: pd.DataFrame
) -> pd.DataFrame:
    """Put each published figure that the study has measured too beside the measured one.

    Args:
        study: What ``read_study`` returned.
        scores: What ``read_scores`` returned for it.
        figures: What ``load_published`` returned.

    Returns:
        In table order, the columns of ``figures`` with ``value`` named ``published``, and
        ``standard``: the measured mean in the standard protocol;
        ``same_protocol``: the mean in the source's protocol, NaN where that is not known, is the
        standard one, or is none of this suite's;
        ``difference``: measured minus published, in the source's protocol, or in the standard one
        where the source's is unknown; NaN where it is none of this suite's;
        ``n_images``: images measured.
    """
    keys = ["dataset", "method", "metric", "protocol"]
    means = summarize(scores).set_index(keys)["mean"].to_dict()
    images = scores.groupby(["dataset", "metric"])["image"].nunique()
    order = {
        (dataset.name, method.name): i
        for i, (dataset, method) in enumerate(
            (dataset, method) for dataset in study.datasets for method in study.methods
        )
    }
    rows = []
    for figure in figures.to_dict("records"):
        key = (figure["dataset"], figure["method"], figure["metric"])
        standard = means.get((*key, STANDARD))
        if standard is None:
            continue
        same = means.get((*key, figure["protocol"] or STANDARD), float("nan"))
        is_other = figure["protocol"] not in ("", STANDARD)
        rows.append(
            {
                **{name: figure[name] for name in COLUMNS[:4]},
                "published": figure["value"],
                "standard": standard,
                "same_protocol": same if is_other else float("nan"),
                "difference": same - float(figure["value"]),
                "n_images": images[figure["dataset"], figure["metric"]],
                **{name: figure[name] for name in COLUMNS[5:]},
            }
        )
    rows.sort(key=lambda row: order[row["dataset"], row["method"]])
    names = [*COLUMNS[:4], "published", "standard", "same_protocol", "difference", "n_images"]
    return pd.DataFrame(rows, columns=[*names, *COLUMNS[5:]])
