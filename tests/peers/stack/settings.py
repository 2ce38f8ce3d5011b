"""A Django project as the tutorials of simplejwt and django-otp set it up, with rotation and the blacklist on."""

import os
from urllib.parse import urlsplit

SECRET_KEY = "a secret of nobody, for a server that lives a minute"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "stack.urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "django_otp",
    "django_otp.plugins.otp_static",
]
SIMPLE_JWT = {"ROTATE_REFRESH_TOKENS": True, "BLACKLIST_AFTER_ROTATION": True}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}
OTP_STATIC_THROTTLE_FACTOR = int(os.environ.get("STACK_THROTTLE", "1"))

_where = urlsplit(os.environ["STACK_DATABASE"])
if _where.scheme == "sqlite":
    # A race is to end with an answer and not with a time-out of the file.
    DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": _where.path, "OPTIONS": {"timeout": 20}}}
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": _where.path.lstrip("/"),
            "USER": _where.username,
            "PASSWORD": _where.password or "",
            "HOST": _where.hostname,
            "PORT": _where.port,
        }
    }
