"""One row of a form: what ``_field.html`` shows, put together without a template.

A page of parameters has dozens of them.
"""

from __future__ import annotations

from html import escape
from urllib.parse import quote_plus

from django import template
from django.forms import BoundField
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from prg_admin.lib.templatetags.frame import icon

register = template.Library()


@register.simple_tag
def field_row(field: BoundField, validate_url: str = "", *, required: object = "") -> SafeString:
    """Label with its mark, control, help, and the sentences at it."""
    is_required = field.field.required or required
    is_check = getattr(field.field.widget, "input_type", "") == "checkbox"
    return mark_safe(  # noqa: S308 - every part is escaped or was drawn by its own hand
        f'<div class="field{" field--check" if is_check else ""}">'
        f'<label class="field__label" for="{escape(field.id_for_label)}">'
        f"{conditional_escape(field.label)}{_required_mark() if is_required else ''}</label>"
        f'<div class="field__control"{_validates(field, validate_url) if validate_url else ""}>'
        f"{conditional_escape(str(field))}{_help(field) if field.help_text else ''}"
        f'<div class="field__errors" id="{escape(field.auto_id)}_error" aria-live="polite">'
        f"{field_sentences(field)}</div></div></div>"
    )


@register.simple_tag
def field_sentences(field: BoundField) -> SafeString:
    """What is wrong with what stands in the field."""
    marked = ((icon("error"), str(error)) for error in field.errors)
    return format_html_join("", '<p class="field__error">{}<span>{}</span></p>', marked)


def _required_mark() -> SafeString:
    return format_html('<span class="required" title="{}">*</span>', _("required"))


def _help(field: BoundField) -> SafeString:
    text = field.help_text
    return format_html('<p class="field__help" id="{}_helptext">{}</p>', field.auto_id, text)


def _validates(field: BoundField, address: str) -> str:
    """Posts the form as one types and puts the answer below the control."""
    own = escape(field.auto_id)
    return (
        f' hx-post="{escape(address)}?field={escape(quote_plus(field.html_name))}"'
        f' hx-trigger="input delay:300ms, change" hx-target="#{own}_error"'
        f' hx-swap="innerHTML" hx-sync="closest form:queue all" data-validates="{own}"'
    )
