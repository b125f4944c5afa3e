"""The report in a real browser: `make test-report`. It needs Chromium and playwright."""

import os
import re

import pytest
from support.study_to_report import whole_study

from experiments.report.write import write_report

pytestmark = pytest.mark.skipif(
    not os.environ.get("CHROMIUM"),
    reason="the report is driven in a real browser by `make test-report`",
)
OPTIONS = "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update"
OPTIONS += " --disable-sync --no-first-run"


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ["CHROMIUM"], args=OPTIONS.split()
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return write_report(whole_study(tmp_path_factory.mktemp("report") / "small"))


@pytest.fixture
def opened(browser, report):
    """Opens the report; afterwards nothing may have been said on the console or asked for."""
    heard, contexts = [], []

    def open_page(address="", width=1400, scheme="light", file=report, scripts=True):
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            java_script_enabled=scripts,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("request", lambda request: asked(request.url, file))
        page.goto(file.as_uri() + address)
        return page

    def asked(url, file):
        if not url.startswith(("data:", file.with_suffix("").as_uri())):
            heard.append(url)

    yield open_page
    for context in contexts:
        context.close()
    assert heard == []


def state(page):
    return dict(re.findall(r"(\w+)=([^&]*)", page.evaluate("location.hash")))


def split(page):
    return float(page.evaluate("document.getElementById('split').value"))


def methods(page):
    return page.locator(".scores:visible tbody tr:visible th").all_inner_texts()


def test_the_slider_moves_by_mouse_and_by_keys(opened):
    page = opened()
    pane = page.locator("#pane")
    pane.scroll_into_view_if_needed()
    box = pane.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, middle, steps=4)
    page.mouse.up()
    assert split(page) == pytest.approx(25, abs=1)
    page.locator("#split").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert split(page) == pytest.approx(26, abs=1)
    clip = page.evaluate("getComputedStyle(document.getElementById('over')).clipPath")
    assert clip == f"inset(0px 0px 0px {split(page):g}%)"


def test_zoom_is_linked_and_moves_by_keys_and_mouse(opened):
    page = opened()
    transforms = (
        "['left', 'right', 'error'].map((id) => document.getElementById(id).style.transform)"
    )
    page.locator("#pane").focus()
    page.keyboard.press("+")
    page.keyboard.press("+")
    zoomed = page.evaluate(transforms)
    assert len(set(zoomed)) == 1
    assert "scale(2.25)" in zoomed[0]
    page.keyboard.press("ArrowRight")
    assert page.evaluate(transforms)[0] != zoomed[0]
    page.get_by_role("button", name="Whole image").click()
    assert "translate(0%, 0%) scale(1)" in page.evaluate(transforms)[0]


def test_the_left_image_is_on_the_left(opened, report):
    page = opened("#left=input&right=zero_dce&image=01")
    shown = page.evaluate("JSON.parse(document.getElementById('data').textContent).images[0].shown")
    assert page.locator("#left").get_attribute("src") == shown["input"]
    assert page.locator("#right").get_attribute("src") == shown["zero_dce"]
    assert "Left Input" in page.locator("#said").inner_text()
    assert "right Zero-DCE 3.00 dB" in page.locator("#said").inner_text()


def test_tables_sort_best_first_then_the_other_way_then_as_they_were(opened):
    page = opened()
    before = methods(page)
    head = page.locator(".scores:visible th", has_text="PSNR").get_by_role("button")
    head.click()
    assert methods(page)[0].startswith("Zero-LEINR")
    head.click()
    assert methods(page)[0] == "Input"
    head.click()
    assert methods(page) == before
    page.locator(".scores:visible th", has_text="LPIPS").get_by_role("button").press("Enter")
    assert methods(page)[0] == "Input"


def test_methods_are_filtered_by_group(opened):
    page = opened()
    page.locator("#scores").get_by_label("Group").select_option("Classical")
    assert methods(page) == ["Input", "Histogram_eq"]


def test_protocol_and_data_set_change_the_table(opened):
    page = opened()
    page.locator("#scores").get_by_label("Protocol").select_option("luma")
    assert page.locator(".scores:visible").count() == 1
    assert "protocol luma" in page.locator(".scores:visible caption").inner_text()
    page.locator("#scores").get_by_label("Data set").select_option("single")
    assert "Single" in page.locator(".scores:visible caption").inner_text()
    assert page.locator(".scores:visible th", has_text="NIQE").count() == 1
    assert not page.locator("#errors").is_visible()


def test_intervals_are_seen_on_hover_on_tap_and_on_demand(opened):
    page = opened()
    cell = page.locator(".scores:visible td.col").first
    detail = cell.locator(".detail")
    assert not detail.is_visible()
    cell.hover()
    assert "95 % interval" in detail.inner_text()
    page.mouse.move(0, 0)
    cell.click()
    page.mouse.move(0, 0)
    assert detail.is_visible()
    page.locator("h1").click()
    assert not detail.is_visible()
    page.get_by_label("Show intervals").check()
    assert detail.is_visible()


def test_a_cell_opens_the_comparison(opened):
    page = opened()
    page.get_by_role("button", name="Histogram_eq, 03:").click()
    assert state(page)["image"] == "03"
    assert state(page)["right"] == "he"
    assert "Histogram_eq" in page.locator("#said").inner_text()
    assert page.evaluate("document.activeElement.id") == "pane"
    assert page.locator("#pane").bounding_box()["y"] < 900


def test_arrow_keys_walk_the_heat_map(opened):
    page = opened("#image=01&right=he")
    page.get_by_role("button", name="Histogram_eq, 01:").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.ariaLabel").startswith("Zero-DCE, 02:")
    page.keyboard.press("Enter")
    assert (state(page)["image"], state(page)["right"]) == ("02", "zero_dce")
    assert page.locator("#heat button[tabindex='0']").count() == 1


def test_differences_are_to_the_method_that_is_chosen(opened):
    page = opened()
    page.locator("#images").get_by_label("Show").select_option("zero_leinr")
    row = page.locator("#heat tbody tr", has_text="without ENRB")
    assert row.locator("td").all_inner_texts() == ["−0.50"] * 4 + ["0 of 3"]
    assert "w1" in row.locator("td").first.get_attribute("class")


def test_a_state_can_be_linked_to(opened):
    page = opened("#dataset=pairs&protocol=luma&metric=ssim&image=03&left=he&right=reference")
    compare = page.locator("#compare")
    assert compare.get_by_role("combobox", name="Left").input_value() == "he"
    assert compare.get_by_role("combobox", name="Right").input_value() == "reference"
    assert "protocol luma" in page.locator(".scores:visible caption").inner_text()
    again = opened(page.evaluate("location.hash"))
    assert state(again) == state(page)


def test_an_address_with_unknown_names_falls_back(opened):
    page = opened("#dataset=nothing&image=nothing&right=<b>&metric=psnr")
    assert page.locator(".scores:visible").count() == 1
    assert state(page)["dataset"] == "pairs"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_needs_no_sideways_scrolling_and_shows_one_metric(opened, scheme):
    page = opened(width=390, scheme=scheme)
    for summary in page.locator("details > summary").all():
        summary.click()
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390
    heads = page.locator(".scores:visible thead th:visible").all_inner_texts()
    assert [head.split()[0] for head in heads] == ["Method", "PSNR"]
    page.locator("#scores").get_by_label("Metric").select_option("ssim")
    heads = page.locator(".scores:visible thead th:visible").all_inner_texts()
    assert [head.split()[0] for head in heads] == ["Method", "SSIM"]
    assert page.locator("#heat thead th:visible").count() == 3


def test_dark_mode_is_dark_and_readable(opened):
    page = opened(scheme="dark")
    colors = page.evaluate(
        "['color', 'backgroundColor'].map((key) => getComputedStyle(document.body)[key])"
    )
    ink, paper = (sum(map(int, re.findall(r"\d+", color))) / 3 for color in colors)
    assert ink > 200
    assert paper < 40


def test_without_images_a_cell_chooses_its_method_and_image(opened, tmp_path):
    file = write_report(whole_study(tmp_path / "small"), with_images=False)
    page = opened(file=file)
    page.get_by_role("button", name="Histogram_eq, 03:").click()
    said = " ".join(page.locator("#extremes").inner_text().split())
    assert said.startswith("Histogram_eq, best: 03 2.20")
    assert page.locator("#heat .current").inner_text() == "2.20"


def test_without_scripts_all_tables_are_there(opened):
    page = opened(scripts=False)
    assert page.locator(".scores:visible").count() == 4
    assert page.get_by_text("Scripts are off").is_visible()
    assert not page.locator("#compare").is_visible()


def test_previews_beside_the_page_are_shown(opened, report, tmp_path, monkeypatch):
    from experiments.report import write

    monkeypatch.setattr(write, "LARGEST", 0)
    file = write_report(whole_study(tmp_path / "small"), tmp_path / "out.html")
    page = opened(file=file)
    assert page.wait_for_function("document.getElementById('left').naturalWidth > 0")
    assert not page.locator("#beside").is_visible()
