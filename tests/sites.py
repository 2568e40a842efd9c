"""Web servers in threads, so that the sandbox can push to views over real HTTP."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
import flask
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.urls import URLPattern, clear_url_caches, path
from fastapi import FastAPI
from starlette.types import ASGIApp
from uvicorn import Config
from uvicorn import Server as Uvicorn

from dingtalk_models.views.django import view as django_view
from dingtalk_models.views.flask import view as flask_view
from dingtalk_models.views.starlette import view as starlette_view

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class _ThreadingServer(ThreadingMixIn, WSGIServer):
    daemon_threads = False  # so that closing it waits for them


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def wsgi(application: WSGIApplication) -> Generator[str]:
    """Serve a WSGI application."""
    server = make_server("127.0.0.1", 0, application, _ThreadingServer, _QuietHandler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/dingtalk"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def flask_site(receiver: Any) -> Generator[str]:
    """A Flask site with the view."""
    site = flask.Flask("site")
    site.logger.disabled = True
    site.add_url_rule("/dingtalk", view_func=flask_view(receiver), methods=["POST"])
    with wsgi(site) as url:
        yield url


@contextmanager
def asgi(application: ASGIApp) -> Generator[str]:
    """Serve an ASGI application."""
    server = Uvicorn(Config(application, port=0, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            thread.join(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/dingtalk"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def fastapi_site(receiver: Any) -> Generator[str]:
    """A FastAPI site with the view."""
    site = FastAPI()
    site.add_route("/dingtalk", starlette_view(receiver), methods=["POST"])
    with asgi(site) as url:
        yield url


urlpatterns: list[URLPattern] = []
"""The URLs of the current Django site."""


@contextmanager
def django_site(receiver: Any) -> Generator[str]:
    """A Django site with the view. It checks for cross-site requests, as sites do."""
    if not settings.configured:
        settings.configure(
            ROOT_URLCONF=__name__,
            MIDDLEWARE=["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"],
            ALLOWED_HOSTS=["127.0.0.1"],
            SECRET_KEY="for tests",
            LOGGING_CONFIG=None,
        )
        django.setup()
    urlpatterns[:] = [path("dingtalk", django_view(receiver))]
    clear_url_caches()
    with wsgi(WSGIHandler()) as url:
        yield url


Site = Callable[[Any], Any]
SITES: dict[str, Site] = {"flask": flask_site, "fastapi": fastapi_site, "django": django_site}
