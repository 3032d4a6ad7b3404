# One image for web, worker, beat and agents; docker-compose.yml says which is which.
FROM python:3.13-slim-bookworm

RUN useradd --create-home --uid 1000 prg && install -d -o prg -m 0700 /var/lib/prg-admin
WORKDIR /app
# Before the sources: a change in those does not install everything again.
COPY requirements.txt .
RUN pip install --no-cache-dir --disable-pip-version-check -r requirements.txt
COPY . .
RUN python -m prg_admin.launcher.catalogues

USER prg
ENV PRG_VAR_DIR=/var/lib/prg-admin PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
VOLUME /var/lib/prg-admin
EXPOSE 8000
CMD ["python", "-m", "prg_admin.live.server", "--host", "0.0.0.0", "--port", "8000"]
