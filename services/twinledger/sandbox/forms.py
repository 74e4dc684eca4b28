"""Sandbox: form bodies, urlencoded and multipart, as the vendors accept them."""

from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import parse_qsl

__all__ = ["Form", "Upload", "parse_form"]


@dataclass(frozen=True, slots=True)
class Upload:
    filename: str
    media_type: str
    content: bytes


@dataclass(slots=True)
class Form:
    """Pairs in the order received, and files by field name."""

    pairs: list[tuple[str, str]] = field(default_factory=list)
    files: dict[str, Upload] = field(default_factory=dict)

    def get(self, name: str, default: str = "") -> str:
        return next((value for key, value in self.pairs if key == name), default)

    def __contains__(self, name: str) -> bool:
        return any(key == name for key, _ in self.pairs)


def parse_form(body: bytes, content_type: str) -> Form:
    if content_type.lower().startswith("multipart/form-data"):
        return _multipart(body, content_type)
    return Form(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _multipart(body: bytes, content_type: str) -> Form:
    head = f"Content-Type: {content_type}\r\nMIME-Version: 1.0\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    form = Form()
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        if not isinstance(name, str):
            continue
        payload = part.get_payload(decode=True)
        content = payload if isinstance(payload, bytes) else b""
        filename = part.get_filename()
        if filename is None:
            form.pairs.append((name, content.decode("utf-8", "replace")))
        else:
            form.files[name] = Upload(filename, part.get_content_type(), content)
    return form
