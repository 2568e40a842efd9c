"""Transfers file contents to and from the file store. The platform signs the URLs, so no access token is sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from dingtalk_models.call.call import Call
from dingtalk_models.core.codes import api_error
from dingtalk_models.core.errors import TransportError
from dingtalk_models.core.files import Upload
from dingtalk_models.core.http import Download, Endpoint, HttpRequest, HttpResponse, Request


class Transfer(Call[None]):
    """One PUT or GET of a whole file. It may safely be sent twice, so it is retried like a read.

    Args:
        verb: `PUT` or `GET`.
        url: the signed URL.
        headers: the headers that belong to the signature.
        upload: the content to send.
        download: receives the content.
    """

    def __init__(
        self,
        verb: str,
        url: str,
        headers: Mapping[str, str],
        *,
        upload: Upload | None = None,
        download: Download | None = None,
    ) -> None:
        super().__init__(None)
        try:
            path = urlsplit(url).path
        except ValueError:
            raise TransportError("the platform sent a URL that is not valid", sent=False) from None
        self.endpoint = Endpoint(verb, path, authenticated=False, idempotent=True)
        self.http_request = HttpRequest(verb, url, dict(headers), download=download)
        self.upload = upload

    @property
    def request(self) -> Request:
        """The request, without the signature."""
        return Request(self.endpoint.verb, self.endpoint.host, self.endpoint.path)

    def read(self, response: HttpResponse) -> None:
        """Raise the file store's error, if there is one."""
        if 200 <= response.status < 300:  # noqa: PLR2004 - HTTP's own numbers
            return
        text = response.content.decode(errors="replace")
        code, message = (re.search(rf"<{tag}>([^<]*)</{tag}>", text) for tag in ("Code", "Message"))
        raise api_error(
            code[1] if code else response.status,
            message[1] if message else "the file store refused",
            path=self.endpoint.path,
            status=response.status,
            request=self.request,
        )
