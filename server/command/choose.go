package command

import "strings"

// Rights are what a client may ask for, and where.
type Rights struct {
	Authenticated bool
	Standalone    bool // the node does not present itself as a cluster
}

// Choose finds the row of a command, and the reason to refuse the command, if there is
// one. It checks in Redis's order: whether the command exists, has a right number of
// arguments, and may be run by this client. The row is nil if there is no command of that
// name. An empty refusal means that the command may run.
func (t *Table) Choose(args [][]byte, rights Rights) (r *Row, refusal string) {
	r = t.Find(args[0])
	switch {
	case r == nil:
		return nil, t.refuse(args, rights)
	case len(r.Subcommands) > 0 && len(args) > 1:
		sub := t.FindSub(r, args[1])
		if sub == nil {
			return r, t.refuseSub(r, args[1], rights)
		}
		r = sub
	}
	switch {
	case !r.Fits(len(args)):
		return r, WrongArity(r)
	case !rights.Authenticated && !r.unauthenticated:
		return r, TextNoAuth
	case r.ClusterOnly && rights.Standalone:
		return r, TextNoCluster
	}
	return r, ""
}

// refuse returns the refusal of a name that is not in the table. A client that has not
// authenticated is not told which of them are commands of Redis.
func (t *Table) refuse(args [][]byte, rights Rights) string {
	name := strings.ToLower(Cut(args[0]))
	advice, known := t.refused[name]
	switch {
	case !known:
		return unknownCommand(args)
	case !rights.Authenticated:
		return TextNoAuth
	}
	return unsupported(name, advice)
}

// refuseSub returns the refusal of a subcommand that is not in the table.
func (t *Table) refuseSub(container *Row, name []byte, rights Rights) string {
	full := container.Name + "|" + strings.ToLower(Cut(name))
	advice, known := t.refused[full]
	switch {
	case !known:
		return unknownSubcommand(container, name)
	case !rights.Authenticated:
		return TextNoAuth
	case container.ClusterOnly && rights.Standalone:
		return TextNoCluster
	}
	return unsupported(full, advice)
}

func unsupported(name, advice string) string {
	return "ERR '" + name + "' is not supported: " + advice
}
