package auth

import "testing"

// door is a session that can be logged in.
type door struct{ open bool }

func (d *door) Authenticated() bool       { return d.open }
func (d *door) SetAuthenticated(yes bool) { d.open = yes }

func TestUsers_Login_TakesTheRightPasswordOnly(t *testing.T) {
	for _, c := range []struct {
		configured, user, password string
		want                       bool
	}{
		{"secret", "default", "secret", true},
		{"secret", "default", "Secret", false},
		{"secret", "default", "", false},
		{"secret", "default", "secretsecret", false},
		{"secret", "other", "secret", false},
		{"", "default", "anything", true},
		{"", "other", "anything", false},
	} {
		d := new(door)
		u := NewUsers(c.configured)
		if got := u.Login(d, []byte(c.user), []byte(c.password)); got != c.want || d.open != c.want {
			t.Errorf("%q as %q where the password is %q: %v, session %v, want %v", c.password, c.user, c.configured, got, d.open, c.want)
		}
	}
}

func TestUsers_SetPassword_IsInForceAtOnce(t *testing.T) {
	u := NewUsers("")
	if !u.Open() || u.passwordHash() != "" {
		t.Error("a password is asked where none is set")
	}
	u.SetPassword("other")
	if u.Open() || u.passwordHash() == "" || u.Login(new(door), []byte("default"), nil) {
		t.Error("no password is asked where one is set")
	}
}
