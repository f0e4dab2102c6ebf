"""The audit trail: for the governance group and platform admins, who see everything anyway."""

from tests.walk import Example, Routes, each, nothing

ADMINS = each(owner=404, steward=404, consumer=404, guest=404, admin=200, anonymous=302)

ROUTES: Routes = {
    "audit:list": [
        Example(nothing, ADMINS),
        Example(nothing, ADMINS, query="?verb=product.&actor=owner&from=2026-01-01&to=2100-01-01"),
        Example(nothing, ADMINS, query="?format=csv"),
        Example(nothing, ADMINS, query="?format=json&kind=product"),
        Example(nothing, {**ADMINS, "admin": 400}, query="?object=x"),
    ],
}
