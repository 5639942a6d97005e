"""Who floods portal or console with forms keeps no signed-in member of staff out."""

from fastapi import FastAPI

from postgres import Pool
from settings import Settings
from tests.stack import TestStack
from tests.starter.portal.conftest import Browser
from tests.starter.portal.test_misses import with_limits
from tests.support.console.conftest import HOST, MakeApp, sign_in_to
from web.limits import Purpose, RateLimits


def narrow(make_app: MakeApp, settings: Settings) -> FastAPI:
    return make_app(with_limits(settings, networks={}, posts_per_address=5, posts_per_session=5))


async def test_strangers_at_the_address_keep_nobody_out_who_is_signed_in(
    make_app: MakeApp, settings: Settings, stack: TestStack, pool: Pool
) -> None:
    await pool.execute("DELETE FROM budget WHERE bucket LIKE 'posts:%'")
    app = narrow(make_app, settings)
    auditor = await sign_in_to(app, stack, "auditor")
    stranger = Browser(app, HOST)
    forged = [(await stranger.http.post("/sign-in")).status_code for _ in range(7)]
    assert forged == [403] * 5 + [429] * 2
    await stranger.get("/sign-in")
    tried = [(await stranger.post("/sign-in", name="", password="")).status_code for _ in range(6)]
    assert tried[-1] == 429
    await auditor.get("/audit")
    own = [(await auditor.post("/sign-in")).status_code for _ in range(6)]
    assert [status == 429 for status in own] == [False] * 5 + [True]


async def test_forms_at_the_portal_and_forged_ones_take_no_sign_in_from_staff(
    make_app: MakeApp, settings: Settings, stack: TestStack, pool: Pool
) -> None:
    await pool.execute("DELETE FROM budget WHERE bucket LIKE 'posts:%'")
    app = narrow(make_app, settings)
    rates = RateLimits(pool, stack.keys, settings.limits)
    for _ in range(5):
        await rates.take(rates.by_address(Purpose.POSTS, "127.0.0.1"))
    for _ in range(7):
        await Browser(app, HOST).http.post("/sign-in")
    await sign_in_to(app, stack, "auditor")
