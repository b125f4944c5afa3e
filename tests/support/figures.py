"""What figures show, and how their files must be."""


def assert_written(folder, files, *names):
    """PDF with embedded TrueType fonts (Type 42) and PNG, and nothing else in the folder."""
    expected = {f"{name}.{suffix}" for name in names for suffix in ("pdf", "png")}
    assert {file.name for file in files} == expected
    assert {file.name for file in (folder / "figures").iterdir()} == expected
    for file in files:
        content = file.read_bytes()
        assert content.startswith(b"%PDF" if file.suffix == ".pdf" else b"\x89PNG")
        assert b"/Type3" not in content


def texts(figure):
    """The caption, which stands beside the figure."""
    return figure.get_label()


def shown(axes):
    return [axis for axis in axes if axis.axison]
