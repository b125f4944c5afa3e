"""The table of costs."""

from support.planted import costs_study

from experiments.cli.main import main
from experiments.tables.costs import significant


def test_times_of_two_machines_are_not_passed_off_as_comparable(tmp_path):
    costs_study(tmp_path, he={"device_name": "Another"})
    assert main(["costs", str(tmp_path), "--only", "table"]) == 0
    text = (tmp_path / "tables" / "costs.md").read_text()
    assert "different devices, so times cannot be compared" in text
    assert "Another" in text


def test_times_of_a_busy_machine_are_said_to_be_too_long(tmp_path):
    costs_study(tmp_path, he={"processor_share": 0.4})
    assert main(["costs", str(tmp_path), "--only", "table"]) == 0
    note = "Other work ran beside these, their times are too long: Histogram"
    assert note in (tmp_path / "tables" / "costs.md").read_text()


def test_significant_digits():
    numbers = [0.000123456, 1.23456, 38.016, 1234.5, 5.0, float("nan")]
    assert [significant(n) for n in numbers] == ["0.000123", "1.23", "38", "1230", "5", "n/a"]
