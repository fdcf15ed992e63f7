# A static binary in an image that has nothing else but an unprivileged user.
#
#   docker build -t quorate .
#   docker run -p 6379:6379 -e QUORATE_REQUIREPASS=secret -e QUORATE_PEER_SECRET=another -v quorate:/data quorate
FROM golang:1.26-alpine AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# The version that the program tells; by default that of the source.
ARG VERSION=
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w ${VERSION:+-X main.release=$VERSION}" -o /quorate ./cmd/quorate && mkdir /data

FROM scratch
ARG VERSION=
LABEL org.opencontainers.image.title="quorate" \
      org.opencontainers.image.description="A leaderless, replicated key-value store that speaks Redis's protocol" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}"
# For HTTPS to a collector of traces.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /quorate /quorate
# The user owns the directory, and so a volume that is first mounted on it.
COPY --from=build --chown=65532:65532 /data /data
USER 65532:65532
# Beyond loopback a node asks for QUORATE_REQUIREPASS and QUORATE_PEER_SECRET, or
# for QUORATE_INSECURE=true on a network of its own.
ENV QUORATE_DATA_DIR=/data \
    QUORATE_CLIENT_ADDR=0.0.0.0:6379 \
    QUORATE_PEER_ADDR=0.0.0.0:7946 \
    QUORATE_ADMIN_ADDR=0.0.0.0:8001
VOLUME /data
# clients; peers (TCP and UDP); admin REST and metrics
EXPOSE 6379 7946/tcp 7946/udp 8001
HEALTHCHECK --interval=10s --timeout=5s --start-period=15s CMD ["/quorate", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/quorate"]
CMD ["server"]
