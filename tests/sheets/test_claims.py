"""The file of claims: mistakes are named."""

import pytest

from experiments.sheets.claims import load_claims
from zero_leinr.errors import InputError


@pytest.mark.parametrize(
    ("against", "metric", "message"),
    [
        ("no_enrb", "ssim", "c: ssim has no margin"),
        ("no_enrbs", "psnr", "c: no sheet has a method 'no_enrbs'"),
    ],
)
def test_a_claim_needs_a_margin_and_methods_that_there_are(tmp_path, against, metric, message):
    path = tmp_path / "claims.yaml"
    path.write_text(
        "margins: {psnr: {margin: 1, reason: r}}\n"
        f"claims: {{c: {{label: l, sentence: s, paper: p, tests: [{{against: [{against}],"
        f" metric: {metric}, protocol: standard, sets: paired, expect: higher}}]}}}}\n"
    )
    with pytest.raises(InputError, match=message):
        load_claims(path)
