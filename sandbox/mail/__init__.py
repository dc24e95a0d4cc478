"""A mail server that delivers nowhere: SMTP in front, an inbox page and its JSON behind."""

from sandbox.mail.account import facts
from sandbox.mail.inbox import build
from sandbox.mail.smtp import PostOffice

__all__ = ["PostOffice", "build", "facts"]
