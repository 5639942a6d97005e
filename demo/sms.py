"""Runs an SMS gateway that delivers into the inbox, with the generic HTTP preset and its token.

`python -m demo.sms PORT INBOX TOKEN_FILE`. It deduplicates by message id, as good gateways do, and
calls back a moment later to say what became of the message: `FATES` tells what, by the number.
"""

import asyncio
import secrets
import sys
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path

import httpx
import uvicorn
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from demo.messages import put
from demo.part import Part, python
from demo.place import HOST

BODY = (
    '{"to": "{to}", "text": "{text}", "from": "{sender}", "id": "{id}",'
    ' "receipt_url": "{receipt_url}"}'
)
"""The engine's requests to this gateway."""
FATES: Mapping[str, str] = {"0404": "failed", "0408": "expired"}
"""What the receipt says of a number that ends so; of all others, `delivered`."""
_AFTER_SECONDS = 1.5
_AGAIN_SECONDS = (0, 5, 30, 120)


class Sms(Part):
    name = "sms"

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.place.port('sms')}/messages"

    @property
    def token_file(self) -> Path:
        return self.place.secret_file("sms_token")

    def command(self) -> Sequence[str]:
        port = str(self.place.port("sms"))
        return python("demo.sms", port, str(self.place.inbox), str(self.token_file))


class Submitted(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    to: str = Field(pattern=r"^\+[1-9][0-9]{6,14}$")
    text: str = Field(min_length=1, max_length=1600)
    sender: str = Field(alias="from", default="")
    id: str = Field(min_length=1, max_length=200)
    receipt_url: str = ""

    @property
    def state(self) -> str:
        return next((fate for end, fate in FATES.items() if self.to.endswith(end)), "delivered")


def create(inbox: Path, token: str) -> Starlette:
    async def accept(request: Request) -> Response:
        given = request.headers.get("authorization", "")
        if not secrets.compare_digest(given.encode(), f"Bearer {token}".encode()):
            return JSONResponse({"error": "unauthorised"}, 401)
        try:
            sms = Submitted.model_validate_json(await request.body())
        except ValidationError:
            return JSONResponse({"error": "malformed"}, 400)
        message_id = put(inbox, channel="sms", key=sms.id, to=sms.to, text=sms.text)
        calls_back = BackgroundTask(call_back, sms) if sms.receipt_url else None
        return JSONResponse({"id": message_id, "status": "accepted"}, background=calls_back)

    return Starlette(routes=[Route("/messages", accept, methods=["POST"])])


async def call_back(sms: Submitted) -> None:
    """Tell the engine what became of a message; again later while it does not take it."""
    await asyncio.sleep(_AFTER_SECONDS)
    async with httpx.AsyncClient() as client:
        for seconds in _AGAIN_SECONDS:
            await asyncio.sleep(seconds)
            try:
                told = await client.post(sms.receipt_url, json={"status": sms.state})
            except httpx.HTTPError:
                continue
            if told.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
                return


if __name__ == "__main__":
    port, folder, token_path = sys.argv[1:]
    application = create(Path(folder), Path(token_path).read_text("ascii"))
    uvicorn.run(application, host=HOST, port=int(port), access_log=False)
