# One image for the dashboard and the refresh. It holds programs only: the delivered files and the published
# warehouse live on a volume, so that a refresh reaches running dashboards and outlives every image.
#
#   docker build -t growth-ledger .
#   docker run -p 8501:8501 -v ledger:/srv/ledger growth-ledger                       the dashboard
#   docker run --rm -v ledger:/srv/ledger growth-ledger python -m pipeline refresh    a refresh, from cron or by hand
#
# The files to load go into /srv/ledger/data. A folder mounted instead of a named volume must be writable by user 10001.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    STREAMLIT_BROWSER_GATHER_USAGE_STATS=false \
    DATA_DIR=/srv/ledger/data \
    WAREHOUSE_PATH=/srv/ledger/warehouse.duckdb \
    DBT_TARGET_PATH=/tmp/dbt/target \
    DBT_LOG_PATH=/tmp/dbt/logs

# A new named volume takes over the owner of the folder it covers.
RUN useradd --uid 10001 --create-home ledger \
    && install --directory --owner=ledger --group=ledger /srv/ledger /srv/ledger/data

WORKDIR /app

# Apart from the project, so that a change of code does not install everything again.
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt

# Owned by root: what runs cannot change the programs.
COPY . .

# By number: an orchestrator that forbids root cannot look a name up.
USER 10001
EXPOSE 8501

HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]

CMD ["streamlit", "run", "dashboard.py", "--server.address=0.0.0.0", "--server.port=8501", "--server.headless=true"]
