"""The parts of "My account" that say how one, and one's programs, want to hear of things."""

from catalog.accounts import parts

parts.register("notifications", "Notifications", "notifications:preferences")
parts.register("webhooks", "Webhooks", "notifications:webhooks")
