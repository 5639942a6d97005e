"""Says in one sentence why Temporal, or a proxy before it, does not serve this client.

The SDK has it in texts only, some of which quote values: they are recognised and never passed on.
"""

import re
from contextlib import suppress
from datetime import UTC, datetime

from temporalio.api.errordetails.v1 import NamespaceNotFoundFailure
from temporalio.service import RPCError, RPCStatusCode, TLSConfig

from adapters.certificates import first_end

NO_NAMESPACE = (
    "there is no namespace of this name: correct TEMPORAL_NAMESPACE or temporal_namespace, or"
    " create it by activation temporal init --create-namespace"
)
_REFUSED = (
    "it refuses this client: the API key or the client certificate is wrong, has expired, or has"
    " no right here"
)
_HANGS_UP = re.compile(
    r"alert|close_notify|broken ?pipe|connection ?reset|transport error|connection closed",
    re.IGNORECASE,
)
_CAUSES = {
    "UnknownIssuer|BadSignature": "its certificate is of an authority that is not trusted here: set"
    " TEMPORAL_TLS_SERVER_CA_CERT_PATH to the certificate of that authority",
    "NotValidForName|not valid for name": "its certificate is for another name: set"
    " TEMPORAL_TLS_SERVER_NAME to the name in it, or correct TEMPORAL_ADDRESS",
    r"\(Expired|certificate expired": "its certificate has expired: have it renewed, or correct the"
    " clock of this machine",
    "NotValidYet|not valid yet": "its certificate is not valid yet: correct the clock of this"
    " machine",
    r"NoCertificatesPresented|CertificateParseError|\(BadEncoding": "TEMPORAL_TLS_CLIENT_CERT_PATH"
    " has no certificate in the form PEM",
    "InvalidCertificate|invalid peer certificate": "its certificate is not valid",
    "KeyMismatch": "TEMPORAL_TLS_CLIENT_KEY_PATH has the key of another certificate than"
    " TEMPORAL_TLS_CLIENT_CERT_PATH",
    "PrivateKeyParseError": "TEMPORAL_TLS_CLIENT_KEY_PATH has no key in the form PEM",
    "InvalidContentType|corrupt message": "it speaks no TLS at this address: correct"
    " TEMPORAL_ADDRESS, or set TEMPORAL_TLS=false where the way there is safe",
    "dns error": "the host of TEMPORAL_ADDRESS has no address",
    "ConnectionRefused|[Cc]onnection refused|tcp connect error": "nothing answers at"
    " TEMPORAL_ADDRESS",
    r"code: (Unauthenticated|PermissionDenied)|response with status: 40[13]": _REFUSED,
}
"""By what the SDK's texts have: those of a first connection, and those of a later one."""
_STATUSES = {
    RPCStatusCode.UNAUTHENTICATED: _REFUSED,
    RPCStatusCode.PERMISSION_DENIED: _REFUSED,
    RPCStatusCode.UNIMPLEMENTED: "it does not know this call: it is older than 1.28, or a proxy"
    " lets only some calls through",
}


def why(error: BaseException, tls: TLSConfig | bool | None = None) -> str:
    """Return the sentence without a full stop, empty for an ordinary outage.

    `tls` is the client's: with it a connection that is closed in silence can be explained.
    """
    if isinstance(error, RPCError):
        if is_no_namespace(error):
            return NO_NAMESPACE
        if error.status in _STATUSES:
            return _STATUSES[error.status]
    text = str(error)
    for pattern, sentence in _CAUSES.items():
        if re.search(pattern, text):
            return sentence
    return _hung_up(tls) if _HANGS_UP.search(text) else ""


def is_no_namespace(error: RPCError) -> bool:
    """Tell whether Temporal has no namespace of the client's name."""
    details = error.grpc_status.details
    return any(each.Is(NamespaceNotFoundFailure.DESCRIPTOR) for each in details)


def _hung_up(tls: TLSConfig | bool | None) -> str:
    """Return why the other side may have closed the connection, which gave no reason."""
    if tls is None:
        return ""
    if tls is False:
        return "it closes the connection: it may want TLS (TEMPORAL_TLS=true)"
    certificate = tls.client_cert if isinstance(tls, TLSConfig) else None
    if certificate is None:
        return (
            "it closes the connection: it may want a client certificate"
            " (TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH)"
        )
    with suppress(ValueError):
        if (ends := first_end(certificate)) < datetime.now(UTC):
            return f"the client certificate ended on {ends:%Y-%m-%d}: renew it, and restart"
    return (
        "it closes the connection: it may take no client certificate of the authority of"
        " TEMPORAL_TLS_CLIENT_CERT_PATH"
    )
