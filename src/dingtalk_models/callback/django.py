"""A view for Django: `path("dingtalk", view(app.callback))`."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from dingtalk_models.callback.module import Callback
from dingtalk_models.core.errors import CallbackError


def view(callback: Callback) -> Callable[[HttpRequest], HttpResponse]:
    """The view that receives an app's pushes. Errors of handlers are passed on to Django."""

    @csrf_exempt
    @require_POST
    def dingtalk(request: HttpRequest) -> HttpResponse:
        try:
            push = callback.receive(request.GET.dict(), request.body)
        except CallbackError:
            return HttpResponseForbidden()
        return JsonResponse(push.reply)

    return dingtalk
