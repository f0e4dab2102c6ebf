"""The part of "My account" that says how one wants to hear of things."""

from catalog.accounts import parts

parts.register("notifications", "Notifications", "notifications:preferences")
