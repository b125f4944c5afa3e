"""The device: CPUs that must emulate bfloat16."""

import pytest

from zero_leinr.device import warn_where_slow


@pytest.mark.parametrize(
    ("precision", "device", "instructions", "warned"),
    [
        ("bfloat16", "cpu", {"avx2": True, "avx512_bf16": False}, True),
        ("bfloat16", "cpu", {"avx512_bf16": True}, False),
        ("bfloat16", "cpu", {"neon": True, "bf16": True}, False),
        ("float32", "cpu", {}, False),
        ("bfloat16", "cuda", {}, False),
    ],
)
def test_a_processor_that_must_emulate_bfloat16_is_named(
    caplog, monkeypatch, precision, device, instructions, warned
):
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: instructions)
    warn_where_slow(precision, device)
    assert ("float32" in caplog.text) == warned
