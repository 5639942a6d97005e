"""A mail server pipes what comes back into `activation mail bounce`."""

import asyncio
import os
import secrets
from functools import partial

from domain.receipts import Receipt
from ledger import messages, receipts
from postgres import Pool
from security import receipt_tokens
from tests.adapters.messaging.test_bounces import POSTFIX, TOKEN
from tests.commandline import run
from tests.stack import TestStack


async def pipe(mail: str, **environ: str) -> tuple[int, str]:
    done = await asyncio.to_thread(
        partial(run, "mail", "bounce", given=mail, environ={**os.environ, **environ})
    )
    return done.returncode, done.stdout


async def test_a_bounce_is_recorded_and_a_forged_one_is_not(stack: TestStack, pool: Pool) -> None:
    key = messages.pin_key(f"A-{secrets.token_hex(4)}", 1)
    ours = POSTFIX.replace(TOKEN, receipt_tokens.token(stack.keys, key))
    passed_over = (0, "Passed over: not about our letters.\n")
    assert await pipe(POSTFIX) == passed_over
    assert await pipe("Subject: Away\n\nI am away.") == passed_over
    assert await receipts.of(pool, stack.keys, [key]) == {}
    assert await pipe(ours) == (0, "Recorded: failed.\n")
    assert (await receipts.of(pool, stack.keys, [key]))[key].state is Receipt.FAILED


async def test_the_mail_server_tries_again_while_the_ledger_is_away(
    stack: TestStack, pool: Pool
) -> None:
    del pool
    nowhere = "postgresql://nobody@127.0.0.1:9/none"
    ours = POSTFIX.replace(TOKEN, receipt_tokens.token(stack.keys, "A:pin:1"))
    assert await pipe(ours, ACTIVATION_LEDGER_DSN=nowhere) == (75, "")


async def test_the_mail_server_tries_again_while_a_setting_is_wrong(stack: TestStack) -> None:
    ours = POSTFIX.replace(TOKEN, receipt_tokens.token(stack.keys, "A:pin:1"))
    assert await pipe(ours, ACTIVATION_CONFIG="/nowhere/activation.toml") == (75, "")
    assert await pipe(ours, ACTIVATION_KEYS_DIR="/nowhere/keys") == (75, "")
