package server

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/quorate/quorate/server/resp"
)

// ACL: there is one user, who may do everything.

// aclCategories are Redis's, also those that none of our commands is in.
const aclCategories = "keyspace read write set sortedset list hash string bitmap hyperloglog geo stream pubsub admin fast slow " +
	"blocking dangerous connection transaction scripting"

func runWhoAmI(_ context.Context, s *session, _ *command, _ [][]byte) { s.out.Text(defaultUser) }

// runACLCat serves ACL CAT [category].
func runACLCat(_ context.Context, s *session, c *command, args [][]byte) {
	names := strings.Fields(aclCategories)
	switch {
	case len(args) > 3:
		s.out.Error("ERR unknown subcommand or wrong number of arguments for '" + cut(args[1]) + "'. Try ACL HELP.")
		return
	case len(args) == 3:
		category := strings.ToLower(string(args[2]))
		if !slices.Contains(names, category) {
			s.out.Error("ERR Unknown category '" + cut(args[2]) + "'")
			return
		}
		names = nil
		for _, c := range s.server.table.counted {
			if slices.Contains(strings.Fields(c.acl), "@"+category) && len(c.subcommands) == 0 {
				names = append(names, c.full)
			}
		}
	}
	s.out.Array(len(names))
	for _, name := range names {
		s.out.Text(name)
	}
}

func runACLUsers(_ context.Context, s *session, _ *command, _ [][]byte) {
	s.out.Array(1)
	s.out.Text(defaultUser)
}

func runACLList(_ context.Context, s *session, _ *command, _ [][]byte) {
	secret := "nopass"
	if hash := s.server.settings.passwordHash(); hash != "" {
		secret = "#" + hash
	}
	s.out.Array(1)
	s.out.Text("user " + defaultUser + " on " + secret + " ~* &* +@all")
}

// runACLGetUser serves ACL GETUSER name.
func runACLGetUser(_ context.Context, s *session, _ *command, args [][]byte) {
	if string(args[2]) != defaultUser {
		s.out.Null()
		return
	}
	hash := s.server.settings.passwordHash()
	flags := []string{"on"}
	if hash == "" {
		flags = append(flags, "nopass")
	}
	s.out.Map(6)
	s.out.Text("flags")
	s.out.Set(len(flags))
	for _, flag := range flags {
		s.out.Text(flag)
	}
	s.out.Text("passwords")
	if hash == "" {
		s.out.Array(0)
	} else {
		s.out.Array(1)
		s.out.Text(hash)
	}
	for _, field := range [][2]string{{"commands", "+@all"}, {"keys", "~*"}, {"channels", "&*"}} {
		s.out.Text(field[0])
		s.out.Text(field[1])
	}
	s.out.Text("selectors")
	s.out.Array(0)
}

// passwordHash is what ACL shows of the password; empty without one.
func (c *settings) passwordHash() string {
	if c.openToAll() {
		return ""
	}
	sum := sha256.Sum256([]byte(c.password()))
	return hex.EncodeToString(sum[:])
}

// runACLGenPass serves ACL GENPASS [bits].
func runACLGenPass(_ context.Context, s *session, _ *command, args [][]byte) {
	bits := int64(256)
	if len(args) > 2 {
		n, ok := resp.ParseInt(args[2])
		switch {
		case !ok:
			s.out.Error(textNotInteger)
			return
		case n < 1 || n > 4096:
			s.out.Error("ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096")
			return
		}
		bits = n
	}
	digits := (bits + 3) / 4
	random := make([]byte, (digits+1)/2)
	_, _ = rand.Read(random) // never fails
	s.out.Text(hex.EncodeToString(random)[:digits])
}
