"""One line for a wrong command, option or value, with the name that was probably meant."""

import pytest
from support.command_line import fails


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["enhanse"], "unknown command 'enhanse'; did you mean enhance?"),
        (["enhance", "a.jpg", "--weigths", "w"], "enhance: unknown option '--weigths'; did you"),
        (["enhance", "a.jpg", "--strenght=1"], "'--strenght'; did you mean --strength?"),
        (["enhance", "a.jpg", "--device", "cudda"], "--device: unknown value 'cudda'; did you"),
        (["enhance", "a.jpg", "--padding", "x"], "unknown value 'x'; known: square, minimal"),
        (["enhance", "a.jpg", "--tile", "big"], "argument --tile: a whole number, not 'big'"),
        (["check", "demo", "quick"], "check: 'quick' is too much here; --help shows examples"),
        (["check"], "check: the following arguments are required: study"),
        (["figures", "results/demo", "--dataste", "x"], "did you mean --dataset?"),
        ([], "the following arguments are required: COMMAND"),
    ],
)
def test_the_name_that_was_meant_is_told(capsys, arguments, message):
    assert message in fails(capsys, *arguments)
