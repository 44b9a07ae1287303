"""Whether the console runs and can work, for whoever starts and watches it; says nothing about the council."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, Response

from console.visiting import Parts
from records.store import is_current

router = APIRouter()


@router.get("/healthz", include_in_schema=False)
def healthz() -> Response:
    """The process answers."""
    return JSONResponse({"ok": True})


@router.get("/readyz", include_in_schema=False)
def readyz(parts: Parts) -> Response:
    """The database is there and up to date; 503 with the reason otherwise.

    A platform that is down changes nothing here: the console is then needed all the more, and whoever is not signed in
    learns nothing about the council.
    """
    try:
        wrong = [] if is_current(parts.store) else ["The database is not at the newest version; run the migrations."]
    except SQLAlchemyError:
        wrong = ["The database cannot be reached."]
    return JSONResponse({"ready": not wrong, "wrong": wrong}, status_code=503 if wrong else 200)
