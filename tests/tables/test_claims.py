"""The table of verdicts."""

from experiments.analysis.claims import judge, verdict_in_words
from experiments.analysis.results import read_study
from experiments.analysis.score_files import read_scores
from experiments.sheets.claims import load_claims
from experiments.tables.claims import layout


def test_a_reduced_budget_is_said_with_every_verdict(planted):
    study = read_study(planted)
    judged = judge(study, read_scores(planted, study), load_claims())
    table = layout(study, judged, load_claims())
    cells = [row[-1].text for rows in table.groups.values() for row in rows]
    assert cells
    assert all("at this reduced budget" in cell for cell in cells)
    assert all("at this reduced budget" in heading for heading in table.groups)
    row = judged.iloc[0].to_dict()
    assert verdict_in_words(study, row) == "supported at this reduced budget"
