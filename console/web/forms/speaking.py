"""Forms whose own words are in the person's language, those that WTForms says by itself too."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask_wtf import FlaskForm
from wtforms.i18n import get_translations

from console.i18n import language

_words = cache(lambda wanted: get_translations([wanted]))


class Form(FlaskForm):  # type: ignore[misc]
    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        def get_translations(self, _form: Any) -> Any:
            return _words(language())
