"""Sandbox, Zoho finance: the envelope and the refusals (sheet 2.1 and 6)."""

from typing import Any

from ..call import Refused, Reply, json_reply

__all__ = ["absent", "invalid", "refuse", "success"]


def success(message: str = "success", status: int = 200, **body: Any) -> Reply:
    return json_reply({"code": 0, "message": message, **body}, status)


def refuse(code: int, message: str, status: int = 400) -> Refused:
    return Refused(json_reply({"code": code, "message": message}, status), message)


def invalid(field: str) -> Refused:
    """Also the answer to a required field that is missing (sheet 6, code 4)."""
    return refuse(4, f"Invalid value passed for {field}")


def absent(label: str, status: int) -> Refused:
    return refuse(1002, f"{label} does not exist.", status)
