package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"sync/atomic"

	"github.com/quorate/quorate/server/command"
)

// DefaultUser is the name of the only user.
const DefaultUser = "default"

// Users are those who may use the client port. Make them with [NewUsers].
type Users struct {
	password atomic.Pointer[string]
	required atomic.Bool
}

// ErrPasswordRequired is returned by [Users.Validate] for an empty password.
var ErrPasswordRequired = errors.New("a password is required, because other machines can reach the node and it was not started with --insecure")

// NewUsers returns the default user with a password. An empty one stands for none: then
// nobody is asked for it.
func NewUsers(password string) *Users {
	u := new(Users)
	u.SetPassword(password)
	return u
}

// Password returns the password in force.
func (u *Users) Password() string { return *u.password.Load() }

// RequirePassword makes Validate refuse an empty password from now on.
func (u *Users) RequirePassword() { u.required.Store(true) }

// Validate returns why a password must not be set, or nil.
func (u *Users) Validate(password string) error {
	if password == "" && u.required.Load() {
		return ErrPasswordRequired
	}
	return nil
}

// SetPassword changes the password, which Validate has accepted. Connections that have
// authenticated stay so.
func (u *Users) SetPassword(password string) { u.password.Store(&password) }

// Open reports whether no password is asked.
func (u *Users) Open() bool { return u.Password() == "" }

// Login checks a user's password, and marks the session as authenticated if it is
// right. A wrong one leaves the session as it was.
func (u *Users) Login(session command.Authenticator, user, password []byte) bool {
	if !u.matches(password) || string(user) != DefaultUser {
		return false
	}
	session.SetAuthenticated(true)
	return true
}

// matches compares hashes, so that the time does not depend on where the passwords
// differ.
func (u *Users) matches(password []byte) bool {
	expected := u.Password()
	got, want := sha256.Sum256(password), sha256.Sum256([]byte(expected))
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1 || expected == ""
}

// passwordHash returns what ACL shows of the password; empty without one.
func (u *Users) passwordHash() string {
	if u.Open() {
		return ""
	}
	sum := sha256.Sum256([]byte(u.Password()))
	return hex.EncodeToString(sum[:])
}
