# The image of every Claimthread container: worker, desk, SFTP, migrations, command line.
FROM python:3.11-slim

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

# An id of its own, so that volumes can be given to it by number. It owns the data and
# the keys; the code stays root's, so that a running worker cannot change it.
RUN groupadd --gid 10001 claimthread \
 && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin claimthread \
 && install -d -o claimthread -g claimthread -m 0700 /data /mailbox /keys /sftp

WORKDIR /app

# The lock before the code: a change of code alone installs nothing again.
COPY requirements.lock ./
RUN pip install --only-binary :all: --require-hashes -r requirements.lock

# .dockerignore keeps data, keys, tests and local environments out.
COPY . ./
# The workflow sandbox imports workflow modules anew for each claim: without their
# bytecode, each claim would compile them.
RUN python -m compileall -q workflows

USER claimthread
CMD ["python", "worker.py"]
