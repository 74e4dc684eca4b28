"""Sandbox, Zoho accounts: what the sheet leaves open, as switches."""

from ..switches import Switch

__all__ = ["SWITCHES"]

SHEET = "zoho-crm.md"

SWITCHES = (
    Switch(
        "zoho_accounts.accepts_bearer",
        False,
        f"{SHEET} 1",
        "API calls may say `Bearer` in place of `Zoho-oauthtoken`",
    ),
    Switch(
        "zoho_accounts.code_lifetime_s",
        120,
        f"{SHEET} 2.1",
        "seconds an authorization code of a web client lives",
    ),
    Switch(
        "zoho_accounts.self_client_minutes",
        10,
        f"{SHEET} 2.1",
        "longest life in minutes of a self client's code",
    ),
    Switch(
        "zoho_accounts.refresh_needs_consent",
        True,
        f"{SHEET} 2.1",
        "a person who consented before gets a new refresh token only with prompt=consent",
    ),
    Switch(
        "zoho_accounts.denied_error",
        "access_denied",
        f"{SHEET} 2.1",
        "`error` of the redirect when the person refuses",
    ),
    Switch(
        "zoho_accounts.codes_per_minute",
        4,
        f"{SHEET} 2.1",
        "codes per minute and client, then 10 minutes none",
    ),
    Switch(
        "zoho_accounts.scope_in_answer", True, f"{SHEET} 2.2", "token answers carry `scope`, as newer ones do"
    ),
    Switch(
        "zoho_accounts.expires_in_ms",
        False,
        f"{SHEET} 2.2",
        "legacy answer: expires_in in milliseconds beside expires_in_sec",
    ),
    Switch("zoho_accounts.refresh_tokens_per_user", 20, f"{SHEET} 2.3", "living refresh tokens per user"),
    Switch(
        "zoho_accounts.refresh_tokens_per_client",
        False,
        f"{SHEET} 2.3",
        "the cap on refresh tokens counts per user and client",
    ),
    Switch(
        "zoho_accounts.refresh_token_overflow",
        "evict",
        f"{SHEET} 2.3",
        "beyond the cap the oldest refresh token dies, or the new one is denied",
        ("evict", "deny"),
    ),
    Switch(
        "zoho_accounts.refresh_tokens_per_minute",
        5,
        f"{SHEET} 2.3",
        "refresh tokens made per minute and user",
    ),
    Switch(
        "zoho_accounts.active_access_tokens",
        30,
        f"{SHEET} 2.3",
        "living access tokens per refresh token; beyond it the oldest dies early",
    ),
    Switch("zoho_accounts.redirect_error_status", 200, f"{SHEET} 2.4", "HTTP status of invalid_redirect_uri"),
    Switch(
        "zoho_accounts.malformed_status",
        200,
        f"{SHEET} 2.4",
        "HTTP status of unsupported_grant_type and general_error",
    ),
    Switch(
        "zoho_accounts.throttle_status", 400, f"{SHEET} 2.4", "HTTP status of the token throttle", (400, 200)
    ),
    Switch(
        "zoho_accounts.throttle_language",
        "en",
        f"{SHEET} 2.4",
        "language of the throttle's texts",
        ("en", "zh"),
    ),
    Switch(
        "zoho_accounts.soid_optional",
        False,
        f"{SHEET} 2.6",
        "client_credentials without `soid`, or with any, is accepted",
    ),
)
