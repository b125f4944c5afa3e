# A machine for `make paper` with the packages of requirements.lock (docs/cluster.md). NOT TESTED: no
# container engine has built it yet. torch brings CUDA along; the host needs NVIDIA's driver and the
# container toolkit.
#   docker build -t zero-leinr .
#   docker run --gpus all --ipc host -v $PWD/data:/study/data -v $PWD/results:/study/results zero-leinr
FROM python:3.11-slim-bookworm
RUN apt-get update && apt-get install --yes --no-install-recommends git make \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /study
COPY Makefile pyproject.toml requirements.lock requirements-uv.lock README.md LICENSE ./
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir --require-hashes -r requirements-uv.lock \
    && VIRTUAL_ENV=.venv .venv/bin/uv pip install --no-cache --require-hashes -r requirements.lock
COPY . .
RUN make .venv/ready
CMD ["make", "paper"]
