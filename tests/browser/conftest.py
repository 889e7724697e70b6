"""A browser in front of the real pages."""

import shutil
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import async_playwright

from models.case import Role
from tests.api.conftest import (  # noqa: F401 - fixtures
    SECRETS,
    counted,
    db,
    door,
    env,
    lively,
    pool,
    postgres,
    registry,
    template,
    url,
)
from world.server import serve

# Without these it looks up addresses elsewhere by itself.
ALONE = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
QUIET = ("--disable-component-update", "--disable-sync")
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 800}


@pytest.fixture(scope="session")
async def chromium():
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on this machine")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=[*ALONE, *QUIET])
        yield browser
        await browser.close()


class Visit:
    """Somebody in front of our pages, and whatever the browser complained of."""

    def __init__(self, page, address):
        self.page, self.address, self.complaints, self.abroad = page, address, [], []
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda asked: None if asked.url.startswith(address) else self.abroad.append(asked.url))

    async def go(self, path):
        return await self.page.goto(self.address + path)

    async def sign_in(self, role=Role.ADMIN, key=None):
        await self.go("/login")
        await self.page.fill("#key", key or SECRETS[role])
        await self.page.click("button.main")
        await self.page.wait_for_load_state()

    async def text(self, where):
        return " ".join((await self.page.inner_text(where)).split())

    async def is_too_wide(self):
        return await self.page.evaluate("document.documentElement.scrollWidth > innerWidth")


@pytest.fixture
def visiting(chromium):
    @asynccontextmanager
    async def visit(door, *, viewport=DESK, locale="en-US"):  # noqa: F811 - a door is handed in
        async with serve(door.app) as address:
            context = await chromium.new_context(viewport=viewport, locale=locale)
            try:
                yield Visit(await context.new_page(), address)
            finally:
                await context.close()

    return visit
