"""The session engine (SESSION_ENGINE): Django's database sessions, with a row that knows its person.

The row is what "my sessions" lists and what deactivating a person deletes; the next request with its cookie is
anonymous. No address of the network is kept, only what the browser says of itself.
"""

from datetime import datetime, timedelta
from typing import Any, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from catalog.accounts.models import Session

SEEN_EVERY = timedelta(minutes=5)  # a session's "last seen" is written no more often
AGENT_KEY = "_agent"
SIGNED_IN_KEY = "_signed_in_at"


class SessionStore(DatabaseStore):
    """Reads and writes `Session` rows."""

    last_seen_at: datetime | None = None  # of the row loaded, None before

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def load(self) -> dict[str, Any]:
        row: Session | None = self._get_session_from_db()  # type: ignore[attr-defined]  # absent from the stubs
        if row is None:
            return {}
        self.last_seen_at = row.last_seen_at
        return self.decode(row.session_data)

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row = cast(Session, super().create_model_instance(data))
        signed_in_at = data.get(SIGNED_IN_KEY)
        row.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        row.user_agent = data.get(AGENT_KEY, "")
        row.signed_in_at = datetime.fromisoformat(signed_in_at) if signed_in_at else None
        row.last_seen_at = timezone.now()
        return row

    def touch(self) -> None:
        """Note that the session is in use; writes at most every five minutes, nothing when the row is gone."""
        now = timezone.now()
        if self.last_seen_at is None or now - self.last_seen_at < SEEN_EVERY:
            return
        self.last_seen_at = now
        Session.objects.filter(pk=self.session_key).update(last_seen_at=now)
