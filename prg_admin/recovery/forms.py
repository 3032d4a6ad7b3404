"""What a person has to say when acknowledging repeated failovers."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

COMMENT_LENGTH = 255


def comment_problem(comment: str) -> str | None:
    """The sentence against a comment; one rule for the page and the command."""
    if not comment.strip():
        return _("Comment is required: say in 1 to %(limit)s characters what was found.") % {
            "limit": COMMENT_LENGTH
        }
    if len(comment.strip()) > COMMENT_LENGTH:
        return _("Comment has %(length)s characters; at most %(limit)s are allowed.") % {
            "length": len(comment.strip()),
            "limit": COMMENT_LENGTH,
        }
    if not comment.strip().isprintable():
        return _("Comment contains control characters or line breaks; they are not allowed.")
    return None


class PoweredOffForm(forms.Form):
    stated = forms.BooleanField(
        label=gettext_lazy("I state that this node is powered off"),
        required=False,
        help_text=gettext_lazy("Your name is kept with the event."),
    )

    def clean_stated(self) -> bool:
        if not self.cleaned_data["stated"]:
            raise forms.ValidationError(
                _("I state that this node is powered off: tick it, or cancel.")
            )
        return True


class AcknowledgeForm(forms.Form):
    comment = forms.CharField(
        label=gettext_lazy("Comment"),
        required=False,
        help_text=gettext_lazy("What was found and done; it is kept with the event."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_comment(self) -> str:
        comment = str(self.cleaned_data["comment"]).strip()
        problem = comment_problem(comment)
        if problem:
            raise forms.ValidationError(problem)
        return comment
