"""The wiring as an app of its own: every Django process gets the Celery application and the checks."""

from importlib import import_module

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "meshportal"
    verbose_name = "Mesh portal"

    def ready(self) -> None:
        import_module("meshportal.celery")
        import_module("meshportal.checks")
        import_module("meshportal.receivers")
