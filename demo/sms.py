"""Runs an SMS gateway that delivers into the inbox, with the generic HTTP preset and its token.

`python -m demo.sms PORT INBOX TOKEN_FILE`. It deduplicates by message id, as good gateways do.
"""

import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from demo.messages import put
from demo.part import Part, python
from demo.place import HOST


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
        return JSONResponse({"id": message_id, "status": "accepted"})

    return Starlette(routes=[Route("/messages", accept, methods=["POST"])])


if __name__ == "__main__":
    port, folder, token_path = sys.argv[1:]
    application = create(Path(folder), Path(token_path).read_text("ascii"))
    uvicorn.run(application, host=HOST, port=int(port), access_log=False)
