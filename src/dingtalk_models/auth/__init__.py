"""Credentials of an app: access token, jsapi ticket, and the signature of a page."""
