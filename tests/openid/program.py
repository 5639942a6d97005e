"""Serves the OpenID Connect provider of tests: `python -m tests.openid.program ISSUER FOLDER ...`.

The addresses that follow are those to which its client may be sent back. Each person has the same
password. What people and clients do is Django OAuth Toolkit's, unchanged.
"""

import sys
from pathlib import Path
from socketserver import ThreadingMixIn
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

from tests.openid.running import CLIENT, PASSWORD, PEOPLE


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing: the log is for what goes wrong."""


def _configure(issuer: str, folder: Path) -> None:
    apps = ("auth", "contenttypes", "sessions", "messages")
    settings.configure(
        SECRET_KEY="of the tests",
        DEBUG_PROPAGATE_EXCEPTIONS=True,
        ALLOWED_HOSTS=[urlsplit(issuer).hostname],
        INSTALLED_APPS=[*(f"django.contrib.{app}" for app in apps), "oauth2_provider"],
        MIDDLEWARE=[
            "tests.openid.site.own_key",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        TEMPLATES=[
            {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True},
        ],
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "provider.db"}
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        # The tables as they are now, not the way there.
        MIGRATION_MODULES=dict.fromkeys((*apps, "oauth2_provider")),
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        ROOT_URLCONF="tests.openid.site",
        LOGIN_URL="/login",
        FOLDER=folder,
        OAUTH2_PROVIDER={
            "OIDC_ENABLED": True,
            "OIDC_ISS_ENDPOINT": issuer,
            "OIDC_RP_INITIATED_LOGOUT_ENABLED": True,
            "OAUTH2_VALIDATOR_CLASS": "tests.openid.site.Validator",
            "SCOPES": {"openid": "who you are", "profile": "your name and groups"},
            "PKCE_REQUIRED": True,
            "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
            "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
            "ALLOWED_SCHEMES": ["http"],
        },
    )
    django.setup()


def _fill(secret: str, redirects: list[str]) -> None:
    from django.contrib.auth.models import User  # noqa: PLC0415 - needs the settings
    from oauth2_provider.models import Application  # noqa: PLC0415 - as above

    call_command("migrate", run_syncdb=True, verbosity=0)
    for person in PEOPLE:
        User.objects.create_user(person, password=PASSWORD)
    owner = User.objects.create_user("owner")
    for client in (CLIENT, f"not-{CLIENT}"):
        Application.objects.create(
            client_id=client,
            client_secret=secret,
            user=owner,
            client_type=Application.CLIENT_CONFIDENTIAL,
            authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
            redirect_uris=" ".join(f"{address}/sign-in/back" for address in redirects),
            post_logout_redirect_uris=" ".join(f"{address}/sign-in" for address in redirects),
            algorithm=Application.RS256_ALGORITHM,
            skip_authorization=True,
        )


def main(issuer: str, folder: Path, redirects: list[str]) -> None:
    _configure(issuer, folder)
    _fill((folder / "secret").read_text().strip(), redirects)
    application = get_wsgi_application()
    port = urlsplit(issuer).port or 0
    with make_server("127.0.0.1", port, application, _Server, _Silent) as server:
        print(flush=True)  # noqa: T201 - tells who started it that it listens
        server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
