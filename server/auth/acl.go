package auth

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/command"
)

// Handlers of ACL. There is one user, who may do everything.

// aclCategories are those of Redis; none of our commands is in some of them.
const aclCategories = "keyspace read write set sortedset list hash string bitmap hyperloglog geo stream pubsub admin fast slow " +
	"blocking dangerous connection transaction scripting"

// runAuth serves AUTH password and AUTH user password.
func (u *Users) runAuth(_ context.Context, c *command.Call) {
	user, password := []byte(DefaultUser), c.Args[1]
	switch {
	case len(c.Args) > 3:
		c.Out.Error(command.TextSyntax)
		return
	case len(c.Args) == 3:
		user, password = c.Args[1], c.Args[2]
	case u.Open():
		c.Out.Error("ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?")
		return
	}
	if !u.Login(c.Session, user, password) {
		c.Out.Error(command.TextWrongPass)
		return
	}
	c.Out.OK()
}

func runWhoAmI(_ context.Context, c *command.Call) { c.Out.Text(DefaultUser) }

// runACLCat serves ACL CAT [category].
func runACLCat(_ context.Context, c *command.Call) {
	names := strings.Fields(aclCategories)
	switch {
	case len(c.Args) > 3:
		c.Out.Error(command.WrongSubcommand(c.Row, c.Args[1]))
		return
	case len(c.Args) == 3:
		category := strings.ToLower(string(c.Args[2]))
		if !slices.Contains(names, category) {
			c.Out.Error("ERR Unknown category '" + command.Cut(c.Args[2]) + "'")
			return
		}
		names = nil
		for _, r := range c.Node.Table.All() {
			if r.In(category) && len(r.Subcommands) == 0 {
				names = append(names, r.Full())
			}
		}
	}
	c.Out.Texts(names)
}

func runACLUsers(_ context.Context, c *command.Call) {
	c.Out.Array(1)
	c.Out.Text(DefaultUser)
}

func (u *Users) runACLList(_ context.Context, c *command.Call) {
	secret := "nopass"
	if hash := u.passwordHash(); hash != "" {
		secret = "#" + hash
	}
	c.Out.Array(1)
	c.Out.Text("user " + DefaultUser + " on " + secret + " ~* &* +@all")
}

// runACLGetUser serves ACL GETUSER name.
func (u *Users) runACLGetUser(_ context.Context, c *command.Call) {
	if string(c.Args[2]) != DefaultUser {
		c.Out.Null()
		return
	}
	hash := u.passwordHash()
	flags := []string{"on"}
	if hash == "" {
		flags = append(flags, "nopass")
	}
	c.Out.Map(6)
	c.Out.Text("flags")
	c.Out.Set(len(flags))
	for _, flag := range flags {
		c.Out.Text(flag)
	}
	c.Out.Text("passwords")
	if hash == "" {
		c.Out.Array(0)
	} else {
		c.Out.Array(1)
		c.Out.Text(hash)
	}
	for _, field := range [][2]string{{"commands", "+@all"}, {"keys", "~*"}, {"channels", "&*"}} {
		c.Out.Text(field[0])
		c.Out.Text(field[1])
	}
	c.Out.Text("selectors")
	c.Out.Array(0)
}

// runACLGenPass serves ACL GENPASS [bits].
func runACLGenPass(_ context.Context, c *command.Call) {
	bits := int64(256)
	if len(c.Args) > 2 {
		n, ok := number.ParseInt(c.Args[2])
		switch {
		case !ok:
			c.Out.Error(command.TextNotInteger)
			return
		case n < 1 || n > 4096:
			c.Out.Error("ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096")
			return
		}
		bits = n
	}
	digits := (bits + 3) / 4
	random := make([]byte, (digits+1)/2)
	_, _ = rand.Read(random) // never fails
	c.Out.Text(hex.EncodeToString(random)[:digits])
}
