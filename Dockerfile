# The portal as an image: `docker build -t meshportal .`; compose.yaml runs it with all it needs.
FROM python:3.11-slim AS build
COPY requirements.txt /tmp/requirements.txt
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check \
       --require-hashes --only-binary :all: -r /tmp/requirements.txt

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin portal \
    && install -d -o portal -g portal -m 700 /data
COPY --from=build /opt/venv /opt/venv
COPY . /app
# ./mesh uses a .venv that is a link as it is, and installs nothing.
RUN ln -s /opt/venv /app/.venv
WORKDIR /app
USER portal
ENV MESHPORTAL_DATA_DIR=/data PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MALLOC_ARENA_MAX=2
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
    CMD ["/opt/venv/bin/python", "-c", "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8000, timeout=4); c.request('GET', '/healthz', headers={'Host': 'localhost'}); raise SystemExit(c.getresponse().status != 200)"]
CMD ["/app/.venv/bin/granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "1", "--blocking-threads", "4", "--respawn-failed-workers", "--no-ws", "--workers-kill-timeout", "5s", "--log-level", "warning", "meshportal.wsgi:application"]
