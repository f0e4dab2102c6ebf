"""Static files: hashed names once they were collected, plain names in a working copy that never collected."""

from functools import lru_cache

from django.urls import get_script_prefix
from whitenoise.storage import CompressedManifestStaticFilesStorage


class PortalStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # untyped base
    """WhiteNoise's storage, except that without a manifest the plain name is used instead of an error."""

    def url(self, name: str | None, force: bool = False) -> str:
        """The address of a file, remembered while the manifest is: every page asks for some twenty."""
        return _address(self, name, force, get_script_prefix())

    def stored_name(self, name: str) -> str:
        if not self.hashed_files:
            return name
        return str(super().stored_name(name))


@lru_cache(maxsize=1_024)
def _address(storage: PortalStaticFilesStorage, name: str | None, force: bool, prefix: str) -> str:
    return str(super(PortalStaticFilesStorage, storage).url(name, force))
