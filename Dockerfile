# The image of the worker (start, merge) and the recorder (record): Node and this repository with the dependencies of
# these two apps. Nothing is built, nothing is fetched when it runs.
#
#   docker buildx build --platform linux/arm64,linux/amd64 --tag zonetoll .
#   docker run --init --read-only --tmpfs /tmp zonetoll start --hour 2024-05-01T10 --rollups /tmp/rollups
#
# Node loads no code of a processor's own from any dependency, so the first stage runs on the building machine whatever is built for,
# and the second one runs nothing: no emulation is needed.

FROM --platform=$BUILDPLATFORM node:24.21.0-trixie-slim AS install
WORKDIR /zonetoll
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml ./
COPY packages ./packages
COPY apps ./apps
# Without the optional dependencies: they are Node itself, for machines that have an older one. Whatever the umask was
# where the repository was checked out, all may read and only root may write.
RUN npx --yes pnpm@12.21.0 install --prod --frozen-lockfile --no-optional --ignore-scripts \
      --config.package-import-method=copy --filter "@zonetoll/worker..." --filter "@zonetoll/recorder..." \
    && chmod -R a+rX,go-w .

FROM node:24.21.0-trixie-slim
COPY --from=install /zonetoll /zonetoll
WORKDIR /zonetoll
ENV NODE_ENV=production TMPDIR=/tmp
# `node` of the base image, by number: Kubernetes' runAsNonRoot can't look up names.
USER 1000:1000
# The only place that is written to. On Fargate a volume takes its owner and mode from here.
VOLUME ["/tmp"]
ENTRYPOINT ["/zonetoll/apps/deploy/image/entrypoint.sh"]
CMD ["start", "--help"]
