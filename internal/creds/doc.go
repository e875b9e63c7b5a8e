// Package creds makes and reads what the machines of one run know each other by: a
// certificate authority (CA) of the run's own, a certificate with its key, and a token.
//
// They are four files in one directory, the same on every machine: ca.pem, cert.pem,
// key.pem and token. Who holds a certificate of the CA is a member; under which name a
// machine was reached does not matter, as one machine has many. The key of the CA is
// thrown away once it has signed: nobody, not even the owner of the files, can add a
// member of another kind later.
//
// A site with a CA of its own puts what that has issued under the same names. There the
// token is what keeps others with certificates of that CA out of the run.
package creds
