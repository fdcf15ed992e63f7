package server

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// ACL: there is one user, who may do everything.

// aclCategories are Redis's, also those that none of our commands is in.
const aclCategories = "keyspace read write set sortedset list hash string bitmap hyperloglog geo stream pubsub admin fast slow " +
	"blocking dangerous connection transaction scripting"

func runWhoAmI(_ context.Context, s *session, _ *command, _ [][]byte) { s.out.text(defaultUser) }

// runACLCat serves ACL CAT [category].
func runACLCat(_ context.Context, s *session, c *command, args [][]byte) {
	names := strings.Fields(aclCategories)
	switch {
	case len(args) > 3:
		s.out.failure("ERR unknown subcommand or wrong number of arguments for '" + cut(args[1]) + "'. Try ACL HELP.")
		return
	case len(args) == 3:
		category := strings.ToLower(string(args[2]))
		if !slices.Contains(names, category) {
			s.out.failure("ERR Unknown category '" + cut(args[2]) + "'")
			return
		}
		names = nil
		for _, c := range s.server.table.counted {
			if slices.Contains(strings.Fields(c.acl), "@"+category) && len(c.subcommands) == 0 {
				names = append(names, c.full)
			}
		}
	}
	s.out.array(len(names))
	for _, name := range names {
		s.out.text(name)
	}
}

func runACLUsers(_ context.Context, s *session, _ *command, _ [][]byte) {
	s.out.array(1)
	s.out.text(defaultUser)
}

func runACLList(_ context.Context, s *session, _ *command, _ [][]byte) {
	secret := "nopass"
	if hash := s.server.settings.passwordHash(); hash != "" {
		secret = "#" + hash
	}
	s.out.array(1)
	s.out.text("user " + defaultUser + " on " + secret + " ~* &* +@all")
}

// runACLGetUser serves ACL GETUSER name.
func runACLGetUser(_ context.Context, s *session, _ *command, args [][]byte) {
	if string(args[2]) != defaultUser {
		s.out.null()
		return
	}
	hash := s.server.settings.passwordHash()
	flags := []string{"on"}
	if hash == "" {
		flags = append(flags, "nopass")
	}
	s.out.mapping(6)
	s.out.text("flags")
	s.out.set(len(flags))
	for _, flag := range flags {
		s.out.text(flag)
	}
	s.out.text("passwords")
	if hash == "" {
		s.out.array(0)
	} else {
		s.out.array(1)
		s.out.text(hash)
	}
	for _, field := range [][2]string{{"commands", "+@all"}, {"keys", "~*"}, {"channels", "&*"}} {
		s.out.text(field[0])
		s.out.text(field[1])
	}
	s.out.text("selectors")
	s.out.array(0)
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
		n, ok := parseInteger(args[2])
		switch {
		case !ok:
			s.out.failure(textNotInteger)
			return
		case n < 1 || n > 4096:
			s.out.failure("ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096")
			return
		}
		bits = n
	}
	digits := (bits + 3) / 4
	random := make([]byte, (digits+1)/2)
	_, _ = rand.Read(random) // never fails
	s.out.text(hex.EncodeToString(random)[:digits])
}
