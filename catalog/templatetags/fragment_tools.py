"""What fragments may call: the small components, as in the pages' own templates."""

from typing import Any

from jinja2 import Environment, StrictUndefined

from catalog.templatetags import formats, marks, who


def environment(**options: Any) -> Environment:
    """The engine `fragments` of the settings; Django gives the loader and switches escaping on."""
    options |= {"undefined": StrictUndefined, "trim_blocks": True}
    made = Environment(**options)  # noqa: S701  # options escape
    made.globals.update(
        icon=marks.icon,
        shape=marks.shape,
        lifecycle=marks.lifecycle,
        trust_strip=marks.trust_strip,
        number=formats.number,
        domain_path=who.domain_path,
        team=who.team,
    )
    return made
