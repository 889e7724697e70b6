# One image for the door, the workers and the migrations; what it does is its command.

FROM python:3.11-slim-bookworm AS packages
RUN python -m venv /venv
COPY requirements.image.lock /tmp/
RUN /venv/bin/pip install --no-cache-dir --require-hashes --requirement /tmp/requirements.image.lock
COPY . /app
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation --editable /app \
    && /venv/bin/python -m compileall -q /app

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin orderhub \
    && install -d -o orderhub -m 700 /pictures
COPY --from=packages /venv /venv
COPY --from=packages /app /app
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER orderhub
WORKDIR /app
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health/live', timeout=4)"]
CMD ["orderhub", "api"]
