"""The WSGI application granian serves."""

import os

from django.core.wsgi import get_wsgi_application

os.umask(0o077)  # database, index and keys are for the portal's account only, however it was started
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meshportal.settings")
application = get_wsgi_application()

from meshportal.hosts import end_on_unfit_host  # noqa: E402  # Django is set up by the line above

end_on_unfit_host()
