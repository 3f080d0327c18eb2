"""The dashboard in a real Chromium: what only a browser shows."""

from __future__ import annotations

import csv
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.request import urlopen

import pytest
from app_ledger import build_once, copy_of, publish_changed
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from door import DEADLINE, ROOT, Ledger
from playwright.sync_api import Browser, Error, Page, Playwright, expect, sync_playwright

pytestmark = pytest.mark.xdist_group("browser")

PAGES = ("", "growth", "retention", "segments", "users", "ask", "data")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")

BEHIND = "[class*=st-key-behind_]"  # the way from a chart to its users

# Faults of what the pages are made of, each with its reason; nothing of ours is in here.
UPSTREAM_FAULTS = {
    # st.metric draws its sparkline as an SVG with role="graphics-document" and no name, and takes none.
    "svg-img-alt": "[data-testid=stMetricChart]",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium that is found, else one that Playwright installs; none: skipped, loudly, unless REQUIRE_BROWSER."""
    with sync_playwright() as playwright:
        browser = _launch(playwright)
        if browser is None:
            message = "NO BROWSER: the dashboard was not tested in Chromium. Install one, or set CHROMIUM to its path."
            if os.environ.get("REQUIRE_BROWSER"):
                pytest.fail(message)
            print(f"\n{message}", file=sys.__stderr__)
            pytest.skip(message)
        yield browser
        browser.close()


def _launch(playwright: Playwright) -> Browser | None:
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    if not found:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False, timeout=DEADLINE)
    try:
        return playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
    except Error:
        return None


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """The published warehouse that the server of this module serves."""
    return copy_of(build_once(tmp_path_factory), tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="module")
def address(ledger: Ledger) -> Iterator[str]:
    """A dashboard that is running, as `make dashboard` runs it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = (f"--server.port={port}", "--server.address=127.0.0.1", "--server.headless=true")
    with (ledger.folder / "dashboard.log").open("w") as log:
        command = [sys.executable, "-m", "streamlit", "run", "dashboard.py", *options]
        server = subprocess.Popen(command, cwd=ROOT, env=ledger.environment(), stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/_stcore/health")
        yield address
    finally:
        server.terminate()
        server.wait(DEADLINE)
    assert "Traceback" not in Path(log.name).read_text()


def _wait_for(address: str) -> None:
    for _ in range(DEADLINE * 10):
        try:
            urlopen(address, timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"{address} does not answer")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 1600}, accept_downloads=True)
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


def visit(page: Page, url: str) -> None:
    page.goto(url)
    settle(page)


def settle(page: Page) -> None:
    """Waits until the page has run and everything on it is drawn."""
    page.wait_for_selector("h1")
    page.wait_for_timeout(300)
    page.wait_for_function("""
        document.querySelector("[data-test-script-state=notRunning]")
        && !document.querySelector("[data-testid=stStatusWidget], [data-testid=stSkeleton], [data-stale=true]")
    """)


def chips(page: Page) -> str:
    return re.sub(r"\s+", " ", page.locator(".st-key-chips").inner_text())


def test_a_link_restores_the_view(page: Page, browser: Browser, address: str, ledger: Ledger) -> None:
    visit(page, address)
    page.get_by_role("button", name="Filters").click()
    page.locator(".st-key-in_platform input").click()
    page.get_by_role("option", name="ios").click()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.get_by_text("Week", exact=True).click()
    expect(page).to_have_url(re.compile("grain=Week"))
    expect(page).to_have_url(re.compile("in_platform=ios"))
    page.get_by_role("link", name="Growth").click()
    expect(page).to_have_url(re.compile(r"/growth\?"))
    settle(page)

    other = browser.new_context().new_page()
    visit(other, page.url)
    assert chips(other) == chips(page)
    assert other.url == page.url
    [(matched,)] = ledger.query("select count(*) from dim_users where platform = 'ios'")
    assert f"{matched} of" in chips(other)
    other.context.close()


def test_from_a_cell_to_its_users_and_their_csv(page: Page, address: str, ledger: Ledger) -> None:
    visit(page, f"{address}/retention")
    cell = page.locator(".st-key-triangle .nsewdrag").first.bounding_box()
    assert cell is not None
    cohorts = [
        start for (start,) in ledger.query("select distinct cohort_start from retention_triangle_monthly order by 1")
    ]
    width, height = cell["width"] / 6, cell["height"] / len(cohorts)
    page.mouse.click(cell["x"] + width * 2.5, cell["y"] + height * 0.5)  # the first cohort, two months on
    expect(page.get_by_role("combobox", name="there after")).to_have_value("2")
    settle(page)
    [(users, size)] = ledger.query(
        "select retained_users, cohort_size from retention_triangle_monthly "
        "where period_number = 2 order by cohort_start limit 1"
    )
    expect(page.get_by_text(f"{users} of {size} users")).to_be_visible()
    page.get_by_role("link", name=f"See these {users} users").click()
    expect(page.get_by_text(f"{users} users", exact=True)).to_be_visible()
    settle(page)
    with page.expect_download() as download:
        page.locator(".st-key-csv_users-csv").get_by_role("button").click()
    with Path(download.value.path()).open(encoding="utf-8-sig", newline="") as file:
        found = {row["user_id"] for row in csv.DictReader(file)}
    expected = ledger.query("""
        select user_id from user_lifecycle_monthly as later
        where period_start = date '2026-03-01' and lifecycle_state <> 'churned' and user_id in (
            select user_id from user_lifecycle_monthly
            where lifecycle_state = 'new' and period_start = date '2026-01-01'
        )
    """)
    assert found == {user for (user,) in expected}
    assert len(found) == users


def test_a_cell_is_chosen_with_the_keyboard(page: Page, address: str, ledger: Ledger) -> None:
    visit(page, f"{address}/retention?grain=Day&range=All")
    [(cohort, age, users, size)] = ledger.query("""
        select cohort_start, period_number, retained_users, cohort_size
        from retention_triangle_daily
        where retained_users > 0 and period_number > 40 and day(cohort_start) > 9
        order by cohort_start desc, period_number desc limit 1
    """)
    for name, chosen in (("Of those first seen in", f"{cohort.day} {cohort:%b %Y}"), ("there after", str(age))):
        box = page.get_by_role("combobox", name=name)
        box.focus()
        page.keyboard.press("ArrowDown")
        expect(page.get_by_role("listbox")).to_be_visible()  # a key that comes while it opens may be lost
        page.keyboard.type(chosen)
        expect(page.get_by_role("option")).to_have_count(1)
        page.keyboard.press("Enter")
        expect(box).to_have_value(chosen)
        settle(page)
    expect(page.get_by_text(f"{users} of {size} user")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile(rf"See these {users} users?"))).to_be_visible()


@pytest.mark.parametrize(
    ("name", "chart", "place"),
    [
        ("", "waterfall", (0.5, 0.15)),
        ("?change_by=Utm+source", "change_by_segment", (0.5, 0.2)),
        ("growth", "growth_combined", (0.1, 0.4)),
        ("growth", "power_users", (0.06, 0.97)),
        ("segments?layout=Small+charts", "small_ios", (0.5, 0.9)),
    ],
)
def test_a_click_on_a_bar_leads_to_its_users(
    page: Page, address: str, name: str, chart: str, place: tuple[float, float]
) -> None:
    visit(page, f"{address}/{name}")
    before = chosen(page)
    bars = page.locator(f".st-key-{chart} .nsewdrag").first
    bars.scroll_into_view_if_needed()
    box = bars.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * place[0], box["y"] + box["height"] * place[1])
    settle(page)
    [row] = [row for row, now in enumerate(chosen(page)) if now != before[row]]
    link = page.locator(BEHIND).nth(row).get_by_role("link", name="See these")
    users = re.findall(r"\d+ users?", link.inner_text())[0]
    link.click()
    expect(page).to_have_url(re.compile(r"users\?.*(state|active_days)="))
    expect(page.get_by_text(users, exact=True)).to_be_visible()


def chosen(page: Page) -> list[list[str]]:
    """What stands in the select boxes beside each chart."""
    rows = page.locator(BEHIND).all()
    return [[box.input_value() for box in row.get_by_role("combobox").all()] for row in rows]


def test_asking(page: Page, address: str, ledger: Ledger) -> None:
    visit(page, f"{address}/ask")
    page.get_by_label("Question", exact=True).fill("how many users churned last month?")
    page.keyboard.press("Enter")
    sql = "select churned_users from growth_metrics_{} where is_complete order by period_start desc limit 1"
    [(churned,)] = ledger.query(sql.format("monthly"))
    expect(page.get_by_role("heading", name=re.compile(rf"\b{churned}\b"))).to_be_visible()
    settle(page)
    page.get_by_role("button", name="Metric: Churned users").click()
    page.get_by_role("combobox", name="Metric").click()
    page.get_by_role("option", name="New users").click()
    [(new,)] = ledger.query(sql.format("monthly").replace("churned", "new"))
    expect(page.get_by_role("heading", name=re.compile(rf"new users.*\b{new}\b", re.IGNORECASE))).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_label("Question", exact=True).fill("and on ios?")
    page.keyboard.press("Enter")
    [(ios,)] = ledger.query("""
        select sum(new_users) from growth_by_segment_monthly
        where platform = 'ios' and is_complete group by period_start order by period_start desc limit 1
    """)
    expect(page.get_by_role("heading", name=re.compile(rf"\b{ios}\b"))).to_be_visible()
    settle(page)
    page.get_by_test_id("stFeedback").get_by_role("radio").first.click()
    expect(page.get_by_text("Thank you")).to_be_visible()


def test_the_csv_of_a_chart_is_the_warehouse(page: Page, address: str, ledger: Ledger) -> None:
    visit(page, f"{address}/growth?range=All")
    with page.expect_download() as download:
        page.locator(".st-key-csv_monthly_growth_metrics-csv").get_by_role("button").click()
    assert download.value.suggested_filename == "monthly_growth_metrics.csv"
    with Path(download.value.path()).open(encoding="utf-8-sig", newline="") as file:
        found = [
            (row["period_start"], float(row["active_users"]), row["churned_users"]) for row in csv.DictReader(file)
        ]
    expected = ledger.query("select period_start, active_users, churned_users from growth_metrics_monthly order by 1")
    assert found == [(str(day), active, "" if churned is None else f"{churned}.0") for day, active, churned in expected]


def test_a_saved_view_is_a_link(page: Page, address: str) -> None:
    visit(page, f"{address}/segments?grain=Day&metric=Churned+users")
    before = chips(page)
    page.get_by_role("button", name="Views").click()
    page.get_by_label("Save this view as").fill("Daily churn")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_role("link", name="Daily churn")).to_be_visible()
    visit(page, address)
    page.get_by_role("button", name="Views").click()
    page.get_by_role("link", name="Daily churn").click()
    expect(page).to_have_url(re.compile(r"segments\?"))
    settle(page)
    assert chips(page) == before
    expect(page.get_by_role("heading", name="Churned users by platform")).to_be_visible()


def test_nothing_is_wider_than_a_phone_or_a_page_at_200_percent(page: Page, address: str) -> None:
    for name in PAGES:
        visit(page, f"{address}/{name}")
        for width in (360, 640):
            page.set_viewport_size({"width": width, "height": 800})
            page.wait_for_timeout(300)
            overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert overflow <= 0, (name, width)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible(
    browser: Browser, address: str, scheme: Literal["light", "dark"], ledger: Ledger
) -> None:
    context = browser.new_context(
        viewport={"width": 1280, "height": 1600}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    [(user,)] = ledger.query("select user_id from dim_users order by events desc limit 1")
    rules = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
    for name in (
        *PAGES,
        f"users?user={user}",
        "?in_platform=ios&open=false",
        "segments?layout=Small+charts",
        "ask?question=active+users+by+platform+last+month",
        "ask?question=how+are+we+doing",
        "ask?question=what+was+the+revenue",
        "data?section=Checks",
        "data?section=Metrics",
    ):
        visit(page, f"{address}/{name}")
        found = Axe().run(page, options=rules).response["violations"]
        ours = [
            (violation["id"], node["target"], node.get("failureSummary"))
            for violation in found
            for node in violation["nodes"]
            if not _is_upstream(page, violation["id"], node["target"][0])
        ]
        assert not ours, (name, ours)
    context.close()


def _is_upstream(page: Page, rule: str, selector: str) -> bool:
    place = UPSTREAM_FAULTS.get(rule)
    return place is not None and bool(
        page.locator(selector).evaluate("(node, place) => node.closest(place) !== null", place)
    )


def test_an_open_page_moves_on_to_a_new_version(page: Page, address: str, ledger: Ledger) -> None:
    visit(page, address)
    [(total,)] = ledger.query("select count(*) from dim_users")
    expect(page.locator(".st-key-chips")).to_contain_text(f"of {total} users match")
    publish_changed(ledger, "delete from dim_users where user_id = 'u_last'")
    expect(page.locator(".st-key-chips")).to_contain_text(f"of {total - 1} users match", timeout=30_000)
