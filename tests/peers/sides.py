"""The two sides: how each is asked for the same thing."""

import itertools
import time

import pyotp

from wire import post

PASSWORD = "tuba-mint-quarrel-9"


class Stack:
    """Django with simplejwt and django-otp, behind gunicorn."""

    def __init__(self, port, way):
        self.port, self.way = port, way

    def made(self):
        status, made = post(self.port, "/prepare", {})
        assert status == 200, (status, made)
        return made

    def refresh_token(self):
        return self.made()["refresh"]

    def refreshes(self, token, times):
        return [(self.port, "/refresh", {"refresh": token})] * times

    @staticmethod
    def successor(answer):
        return answer[1].get("refresh") if answer[0] == 200 else None

    def uses_of_a_code(self, times):
        made = self.made()
        return [(self.port, "/code", {"user": made["user"], "code": made["code"], "way": self.way})] * times


class Ashlar:
    """One process or several on one database."""

    def __init__(self, ports):
        self.ports, self.names, self.codes = ports, itertools.count(), []

    def log_in(self, name):
        return post(self.ports[0], "/api/v1/auth/login", {"identifier": name, "password": PASSWORD})[1]

    def somebody(self):
        name = f"user{next(self.names)}@example.org"
        status, answer = post(self.ports[0], "/api/v1/auth/register", {"email": name, "password": PASSWORD})
        assert status == 201, answer
        return name

    def refresh_token(self):
        return self.log_in(self.somebody())["refresh_token"]

    def refreshes(self, token, times):
        ports = itertools.islice(itertools.cycle(self.ports), times)
        return [(port, "/api/v1/auth/refresh", {"refresh_token": token}) for port in ports]

    @staticmethod
    def successor(answer):
        return answer[1].get("refresh_token") if answer[0] == 200 else None

    def guarded(self):
        """Somebody with a second factor, and codes on paper for it."""
        name = self.somebody()
        access = self.log_in(name)["access_token"]
        secret = post(self.ports[0], "/api/v1/me/2fa/totp", {}, access)[1]["secret_base32"]
        code = pyotp.TOTP(secret).at(int(time.time()))
        status, answer = post(self.ports[0], "/api/v1/me/2fa/totp/confirm", {"code": code}, access)
        assert status == 200, answer
        return [(name, code) for code in answer["backup_codes"]]

    def uses_of_a_code(self, times):
        if not self.codes:
            self.codes = self.guarded()
        name, code = self.codes.pop()
        ports = list(itertools.islice(itertools.cycle(self.ports), times))
        # A sign-in of its own for each, as if several people had the code.
        challenges = [self.log_in(name)["challenge_token"] for _ in ports]
        path = "/api/v1/auth/login/2fa"
        bodies = [{"challenge_token": challenge, "backup_code": code} for challenge in challenges]
        return [(port, path, body) for port, body in zip(ports, bodies)]
