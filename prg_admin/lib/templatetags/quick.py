"""``translate``, ``static`` and ``url`` as Django has them, but what comes out the same each time
is not worked out again.

Every page has a hundred words and thirty addresses. In ``TEMPLATES`` this stands for Django's own
``i18n`` and ``static`` libraries, so templates and the tool that collects their words know nothing
of it. One tag is new: ``{% frozen %}...{% endfrozen %}`` around a part that depends on the language
and on nothing else.
"""

from __future__ import annotations

from django import template
from django.template.base import NodeList, Parser, Token
from django.template.context import Context
from django.template.defaulttags import URLNode
from django.template.defaulttags import url as django_url
from django.templatetags import i18n
from django.templatetags import static as static_files
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from prg_admin.lib.addresses import page_address

register = template.Library()
register.tags.update(i18n.register.tags)
register.tags.update(static_files.register.tags)
register.filters.update(i18n.register.filters)


class Words(template.Node):
    """A part without variables: rendered once in each language."""

    def __init__(self, node: template.Node | NodeList) -> None:
        self._node = node
        self._by_language: dict[str | None, SafeString] = {}

    def render(self, context: Context) -> SafeString:
        language = get_language()
        words = self._by_language.get(language)
        if words is None:
            words = self._by_language[language] = SafeString(self._node.render(context))
        return words


@register.tag("translate")
@register.tag("trans")
def translate(parser: Parser, token: Token) -> template.Node:
    node = i18n.do_translate(parser, token)
    said = node.filter_expression
    is_constant = isinstance(said.var.literal, str) and not said.filters and not node.asvar
    return Words(node) if is_constant and node.message_context is None else node


@register.tag
def static(parser: Parser, token: Token) -> template.Node:
    node = static_files.do_static(parser, token)
    is_constant = not node.path.is_var
    return Words(node) if is_constant and not node.varname else node


@register.tag
def frozen(parser: Parser, _token: Token) -> template.Node:
    nodes = parser.parse(("endfrozen",))
    parser.delete_first_token()
    return Words(nodes)


class Address(URLNode):
    """Without named arguments or a variable to keep it in."""

    child_nodelists = ()

    def render(self, context: Context) -> SafeString:
        args = tuple(arg.resolve(context) for arg in self.args)
        name = self.view_name.resolve(context)
        return conditional_escape(page_address(name, *args))


@register.tag
def url(parser: Parser, token: Token) -> template.Node:
    node = django_url(parser, token)
    if node.kwargs or node.asvar:
        return node
    return Address(node.view_name, node.args, node.kwargs, node.asvar)
