package natsbus

import (
	"crypto/subtle"

	"github.com/nats-io/nats-server/v2/server"
)

// Accounts of the embedded server: one for the run, and one that hears of others'
// connections.
const (
	runAccount    = "RUN"
	systemAccount = "SYS"
)

// ends is where a server tells of connections of the run that have ended.
const ends = "$SYS.ACCOUNT." + runAccount + ".DISCONNECT"

// gate lets clients in, each with what it may say and hear. It implements
// server.Authentication.
type gate struct{ s *Server }

func (g gate) Check(c server.ClientAuthentication) bool {
	o := c.GetOpts()
	if c.Kind() != server.CLIENT {
		return false
	}
	account, perms := runAccount, memberOf(g.s.opts, o.Name)
	if same(o.Password, g.s.secret) {
		account, perms = systemAccount, &server.Permissions{
			Publish:   &server.SubjectPermission{Deny: []string{">"}},
			Subscribe: &server.SubjectPermission{Allow: []string{ends}},
		}
	} else if g.s.opts.Token != "" && !same(o.Token, g.s.opts.Token) {
		if addr := c.RemoteAddress(); addr != nil {
			g.s.log.refuse(addr.String())
		}
		return false
	}
	a, err := g.s.nats.LookupAccount(account)
	if err != nil {
		return false
	}
	c.RegisterUser(&server.User{Account: a, Permissions: perms})
	return true
}

func same(given, want string) bool {
	return subtle.ConstantTimeCompare([]byte(given), []byte(want)) == 1
}

// memberOf is what an agent of the run may do.
func memberOf(o ServerOptions, name string) *server.Permissions {
	say := []string{root(o.RunID) + ">", "_INBOX.>"}
	hear := []string{root(o.RunID) + ">", inbox(name) + ".>"}
	b := bucket(o.RunID) // without JetStream nobody answers there, which is soon known
	say = append(say, "$KV."+b+".>")
	for _, call := range []string{"CREATE", "INFO", "PURGE", "MSG.GET"} {
		say = append(say, "$JS.API.STREAM."+call+".KV_"+b)
	}
	hear = append(hear, "$KV."+b+".>")
	return &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: say},
		Subscribe: &server.SubjectPermission{Allow: hear},
	}
}
