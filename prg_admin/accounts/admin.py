from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.db import transaction
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from prg_admin.accounts.forms import SupportLoginForm
from prg_admin.accounts.models import SignInFailure, User
from prg_admin.accounts.selectors import left_of
from prg_admin.accounts.services import account_values, person_unlock, tell
from prg_admin.accounts.signals import AccountEvent
from prg_admin.lib.actor import actor_of
from prg_admin.lib.support_pages import ReadOnlyAdmin

admin.site.site_header = _("PRG Admin support")
admin.site.site_title = _("PRG Admin support")
admin.site.index_title = _("Tables of the database")
admin.site.login_form = SupportLoginForm


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]  # not generic when it runs
    """People and their roles. Each change is told to whoever keeps the records."""

    list_display = ("username", "role", "is_active", "is_staff", "is_superuser", "last_login")
    list_filter = ("role", "is_active", "is_staff", "is_superuser")
    actions = ("unlock",)
    fieldsets = (
        (None, {"fields": ("username", "password", "role")}),
        (_("Personal info"), {"fields": ("first_name", "last_name", "email")}),
        (
            _("Support"),
            {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")},
        ),
        (_("Important dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("username", "role", "usable_password", "password1", "password2"),
            },
        ),
    )

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:  # type: ignore[type-arg]
        before = account_values(User.objects.get(pk=obj.pk)) if change else None
        super().save_model(request, obj, form, change)
        event = AccountEvent.CHANGED if change else AccountEvent.ADDED
        _tell(event, request, obj, before=before, after=account_values(obj))

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        _tell(AccountEvent.DELETED, request, obj, before=account_values(obj))
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        with transaction.atomic():
            for user in queryset:
                self.delete_model(request, user)

    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002
        form_url: str = "",
    ) -> HttpResponse:
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == HTTPStatus.FOUND:
            _tell(AccountEvent.PASSWORD_CHANGED, request, User.objects.get(pk=id))
        return response

    @admin.action(description=_("Unlock after failed sign-ins"), permissions=["change"])
    def unlock(self, request: HttpRequest, people: QuerySet[User]) -> None:
        _unlock(self, request, {user.username for user in people})


@admin.register(SignInFailure)
class SignInFailureAdmin(ReadOnlyAdmin):
    """Failed attempts; one name at one address is locked when there are too many."""

    list_display = ("username", "address", "count", "last_at", "is_locked")
    search_fields = ("username", "address")
    actions = ("unlock",)

    @admin.display(description=_("locked"), boolean=True)
    def is_locked(self, failure: SignInFailure) -> bool:
        left = left_of([failure], failure.address, now=now())
        return left is not None and left.total_seconds() > 0

    @admin.action(description=_("Unlock after failed sign-ins"), permissions=["operate"])
    def unlock(self, request: HttpRequest, failures: QuerySet[SignInFailure]) -> None:
        _unlock(self, request, {failure.username for failure in failures})


def _unlock(page: admin.ModelAdmin[Any], request: HttpRequest, names: set[str]) -> None:
    for name in sorted(names):
        person_unlock(username=name, actor=actor_of(request))
        done = _t("%(name)s can sign in again.") % {"name": name}
        page.message_user(request, done, messages.SUCCESS)


def _tell(event: AccountEvent, request: HttpRequest, user: User, **values: Any) -> None:
    tell(event, actor=actor_of(request), username=user.username, **values)
