"""The endpoints that are raced, and one that makes what is raced for."""

import secrets

import django_otp
from django.contrib.auth.models import User
from django.urls import path
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from rest_framework.decorators import api_view
from rest_framework.response import Response
from rest_framework_simplejwt.tokens import RefreshToken
from rest_framework_simplejwt.views import TokenRefreshView


@api_view(["POST"])
def prepare(request):
    """Somebody with a refresh token and a backup code."""
    user = User.objects.create_user(secrets.token_hex(8))
    device = StaticDevice.objects.create(user=user, name="backup")
    code = StaticToken.random_token()
    device.token_set.create(token=code)
    return Response({"user": user.pk, "refresh": str(RefreshToken.for_user(user)), "code": code})


@api_view(["POST"])
def code(request):
    """Uses a backup code: as django-otp advises, or by the device's own method as many projects do."""
    user = User.objects.get(pk=request.data["user"])
    device = StaticDevice.objects.get(user=user)
    if request.data["way"] == "advised":
        is_right = django_otp.verify_token(user, device.persistent_id, request.data["code"]) is not None
    else:
        is_right = device.verify_token(request.data["code"])
    return Response({"accepted": is_right}, status=200 if is_right else 401)


urlpatterns = [
    path("prepare", prepare),
    path("refresh", TokenRefreshView.as_view()),
    path("code", code),
]
