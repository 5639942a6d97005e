"""The page with every SMS and e-mail the demo sent: `python -m demo.inbox PORT INBOX`.

`/messages.json?to=...` is the same for scripts: newest last, `to` exact.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn
from jinja2 import Environment
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from demo.messages import all_messages
from demo.part import Part, python
from demo.place import HOST

PAGE = Environment(autoescape=True).from_string("""<!doctype html>
<html lang="el"><head><meta charset="utf-8"><title>Εισερχόμενα · Inbox</title>
<meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="3">
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
article { border: 1px solid #b1b4b6; border-radius: .5rem; padding: .75rem 1rem; margin: 1rem 0 }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; margin: .5rem 0 0 }
small { color: #505a5f }
</style></head><body>
<h1>Εισερχόμενα · Inbox</h1>
{% for message in messages %}
<article><strong>{{ message.channel }} → {{ message.to }}</strong>
<small>{{ message.received_at }}</small>
{% if message.subject %}<div>{{ message.subject }}</div>{% endif %}
<pre>{{ message.text }}</pre></article>
{% else %}<p>Κανένα μήνυμα ακόμη · No message yet</p>{% endfor %}
</body></html>""")


class Inbox(Part):
    name = "inbox"

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.place.port('inbox')}"

    def command(self) -> Sequence[str]:
        return python("demo.inbox", str(self.place.port("inbox")), str(self.place.inbox))


def create(folder: Path) -> Starlette:
    def page(_request: Request) -> Response:
        newest_first = all_messages(folder)[::-1]
        return HTMLResponse(PAGE.render(messages=newest_first))

    def messages(request: Request) -> Response:
        to = request.query_params.get("to")
        if to and to.startswith(" "):
            # An unescaped plus of a number in an address arrives as a space.
            to = "+" + to[1:]
        return JSONResponse(all_messages(folder, to))

    return Starlette(routes=[Route("/", page), Route("/messages.json", messages)])


if __name__ == "__main__":
    uvicorn.run(create(Path(sys.argv[2])), host=HOST, port=int(sys.argv[1]), access_log=False)
