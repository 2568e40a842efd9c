"""A view for Django: `path("dingtalk", view(app.callback))`. `app.message` and a `CardReceiver` work the same way."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from dingtalk_models.core.errors import CallbackError
from dingtalk_models.views import Posted


def view(receiver: Posted) -> Callable[[HttpRequest], HttpResponse]:
    """Make a view for the platform's POST requests. Errors of handlers are passed on to Django."""

    @csrf_exempt
    @require_POST
    def dingtalk(request: HttpRequest) -> HttpResponse:
        try:
            answer = receiver.answer(request.GET.dict(), request.headers, request.body)
        except CallbackError:
            return HttpResponseForbidden()
        return JsonResponse(answer)

    return dingtalk
