"""Dev: our application at the simulated vendors, read from what the sandbox tells about itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["sandbox_application"]


def sandbox_application(urls: Mapping[str, Any], platform: str) -> dict[str, Any]:
    """As `PlatformSettings` takes it. A person of any data centre may consent: all of theirs are listed."""
    if platform == "freshbooks":
        vendor = urls["freshbooks"]
        addresses = {"auth_url": vendor["auth"], "api_url": vendor["api"]}
        origins = list(addresses.values())
    else:
        vendor = urls["zoho"]["us"]
        addresses = {"auth_url": vendor["accounts"]}
        origins = [site[name] for site in urls["zoho"].values() for name in ("accounts", "api_domain")]
    ours = {name: str(vendor[name]) for name in ("client_id", "client_secret", "redirect_uri")}
    return {**ours, **addresses, "sandbox_origins": origins}
