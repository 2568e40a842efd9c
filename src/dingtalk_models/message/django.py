"""Views for messages to the robot and for clicks on cards, for Django.

`path("robot", view(app.message))`, `path("cards", card_view(CardReceiver(app, api_secret)))`.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from dingtalk_models.core.errors import CallbackError
from dingtalk_models.message.cards.receiving import CardReceiver
from dingtalk_models.message.received.receiving import MessageReceiver


def view(receiver: MessageReceiver) -> Callable[[HttpRequest], HttpResponse]:
    """The view that receives the messages to an app's robot. Errors of handlers are passed on to Django."""

    @csrf_exempt
    @require_POST
    def robot(request: HttpRequest) -> HttpResponse:
        try:
            receiver.receive(request.headers, request.body)
        except CallbackError:
            return HttpResponseForbidden()
        return JsonResponse({})

    return robot


def card_view(receiver: CardReceiver) -> Callable[[HttpRequest], HttpResponse]:
    """The view that receives the clicks on an app's cards. Errors of handlers are passed on to Django."""

    @csrf_exempt
    @require_POST
    def card(request: HttpRequest) -> HttpResponse:
        try:
            click = receiver.receive(request.headers, request.body)
        except CallbackError:
            return HttpResponseForbidden()
        return JsonResponse(click.answer)

    return card
