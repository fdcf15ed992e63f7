package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/admin"
)

// selfSigned writes a certificate for 127.0.0.1 and its key.
func selfSigned(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", secret)
}

func TestAdminPort_TokenAndTLS_AreAskedForAndGiven(t *testing.T) {
	cert, key := selfSigned(t)
	cli, err := parse(t, "server", "--requirepass", "clients", "--admin-token", "sesame", "--admin-tls-cert", cert, "--admin-tls-key", key)
	if err != nil {
		t.Fatal(err)
	}
	c := &cli.Server.settings
	listener, err := c.listenAdmin("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &supervisor{}
	h.become(nil, admin.ErrStandby)
	ctx, cancel := context.WithCancel(context.Background())
	var group errgroup.Group
	group.Go(func() error {
		return c.adminServer(&process{own: h, supervisors: new(supervisors)}, admin.NewEventLog("A"), slog.New(slog.DiscardHandler)).Run(ctx, listener)
	})
	t.Cleanup(func() {
		cancel()
		if err := group.Wait(); err != nil {
			t.Error(err)
		}
	})
	at := "https://" + listener.Addr().String()
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"admin", "--admin-addr", at, "--admin-ca", cert, "--admin-token", "sesame", "status"}, admin.ErrStandby.Error()},
		{[]string{"admin", "--admin-addr", at, "--admin-ca", cert, "--requirepass", "sesame", "status"}, admin.ErrStandby.Error()},
		{[]string{"admin", "--admin-addr", at, "--admin-ca", cert, "--requirepass", "clients", "status"}, "password"},
		{[]string{"admin", "--admin-addr", at, "--admin-ca", cert, "status"}, "password"},
		{[]string{"admin", "--admin-addr", at, "--admin-token", "sesame", "status"}, "certificate"},
		{[]string{"admin", "--admin-addr", at, "--admin-ca", key, "status"}, "no certificate in it"},
		{[]string{"health", "--admin-addr", at}, admin.ErrStandby.Error()},
	} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), test.args, console{out: &out, err: &errs}); code != exitFault || !strings.Contains(errs.String(), test.want) {
			t.Errorf("%v: exit code %d, %s, want %q", test.args, code, errs.String(), test.want)
		}
	}
}

func TestAdminPort_BadTLSFiles_AreReportedBeforeAnythingStarts(t *testing.T) {
	cert, key := selfSigned(t)
	cli, err := parse(t, "server", "--admin-tls-cert", key, "--admin-tls-key", cert)
	if err != nil {
		t.Fatal(err)
	}
	if l, err := cli.Server.settings.listenAdmin("127.0.0.1:0"); err == nil || !strings.Contains(err.Error(), "--admin-tls-cert") {
		t.Errorf("%v, %v", l, err)
	}
	cli, err = parse(t, "server", "--admin-tls-cert", cert)
	if err != nil {
		t.Fatal(err)
	}
	if err := cli.Server.check(); err == nil || !strings.Contains(err.Error(), "go together") {
		t.Error(err)
	}
}

func TestSettings_AdminToken_IsThePasswordUnlessGiven(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, ""}, {[]string{"--requirepass", "a"}, "a"}, {[]string{"--requirepass", "a", "--admin-token", "b"}, "b"},
	} {
		cli, err := parse(t, append([]string{"server"}, test.args...)...)
		if err != nil {
			t.Fatal(err)
		}
		if got := cli.Server.settings.adminToken(); got != test.want {
			t.Errorf("%v: %q, want %q", test.args, got, test.want)
		}
	}
	cli, err := parse(t, "server", "--admin-addr", ":8001", "--admin-token", "b")
	if err != nil {
		t.Fatal(err)
	}
	if err := cli.Server.check(); err != nil {
		t.Errorf("a token guards the port: %v", err)
	}
}
