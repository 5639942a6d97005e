"""Routes of delivery receipts, which SMS gateways call.

A receipt names its message by a token that proves itself, in the path or, for a gateway that calls
one fixed address, in a field. Nobody is logged in, no page is shown, and no request tells which
messages there are: whatever is not ours is answered 404 before the ledger is asked.
"""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from starter.portal.receipts import Callback, ReceiptNotTaken, ReceiptService, UnknownReceipt

router = APIRouter()

_AGAIN_SECONDS = "60"


@router.api_route("/hooks/sms/{gateway}", methods=["GET", "POST"])
@router.api_route("/hooks/sms/{gateway}/{token}", methods=["GET", "POST"])
async def receipt(request: Request, gateway: str, token: str = "") -> Response:
    """Take a receipt; 503 makes a gateway try again, all other answers are final."""
    service: ReceiptService = request.app.state.context.receipts
    try:
        taking = service.gateway(gateway)
        index = service.named(gateway, token) if token else None
        told = await _read(request)
        index = index or service.named(gateway, told.at(taking.receipt_id_field))
        await service.take(gateway, index, told.at(taking.receipt_field))
    except UnknownReceipt:
        return Response(status_code=404)
    except ReceiptNotTaken:
        return Response(status_code=503, headers={"Retry-After": _AGAIN_SECONDS})
    return Response(status_code=204)


async def _read(request: Request) -> Callback:
    query = dict(request.query_params)
    return Callback(query, request.headers.get("content-type", ""), await request.body())
