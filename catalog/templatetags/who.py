"""People, teams and domains, always shown the same way."""

from collections.abc import Iterable
from typing import Any, Protocol

from django import template
from django.utils.safestring import SafeString

from catalog.accounts.models import Team, User
from catalog.common.addresses import address
from catalog.common.fragments import render_fragment

register = template.Library()


class Step(Protocol):
    """A domain of a path."""

    @property
    def slug(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def hue(self) -> int: ...


@register.inclusion_tag("components/person.html")
def person(user: User | None, role: str = "", size: str = "") -> dict[str, Any]:
    """Initials, name and role of a person; their address when they have one. None is "nobody"."""
    return {"user": user, "role": role, "size": size}


@register.simple_tag
def team(team: Team | None, role: str = "", size: str = "") -> SafeString:
    """A team with a link to its page. None is shown as "no team": an unowned thing must be seen."""
    url = team_url(team) if team else ""
    return render_fragment("components/team.jinja", team=team, url=url, role=role, size=size)


@register.simple_tag
def domain_path(domains: Iterable[Step]) -> SafeString:
    """The path from the root to a domain as links, with the leaf's hue as a thin bar."""
    path = list(domains)
    steps = [(domain.name, address("domains:detail", domain.slug)) for domain in path]
    hue = path[-1].hue if path else 0
    return render_fragment("components/domain_path.jinja", steps=steps, hue=hue)


@register.simple_tag
def team_url(team: Team) -> str:
    """The address of a team's page."""
    return address("accounts:team", team.slug)
