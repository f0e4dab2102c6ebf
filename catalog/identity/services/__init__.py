"""All writes about identity: links to the provider, roles that follow groups, second factors, provisioning."""

from catalog.identity.services.arriving import link_account, person_of, unlink_account
from catalog.identity.services.factors import (
    begin_second_factor,
    check_second_factor,
    confirm_second_factor,
    remove_second_factor,
    renew_recovery_codes,
)
from catalog.identity.services.groups import create_group_rule, delete_group_rule, follow_groups

__all__ = [
    "begin_second_factor",
    "check_second_factor",
    "confirm_second_factor",
    "create_group_rule",
    "delete_group_rule",
    "follow_groups",
    "link_account",
    "person_of",
    "remove_second_factor",
    "renew_recovery_codes",
    "unlink_account",
]
