# A static binary, and nothing else.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /quorate ./cmd/quorate && mkdir /data

FROM scratch
COPY --from=build /quorate /quorate
COPY --from=build --chown=65532:65532 /data /data
USER 65532:65532
VOLUME /data
ENV QUORATE_DATA_DIR=/data
EXPOSE 6379 7946/tcp 7946/udp 8001
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s CMD ["/quorate", "health"]
ENTRYPOINT ["/quorate"]
CMD ["server"]
