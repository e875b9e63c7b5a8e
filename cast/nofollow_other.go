//go:build !unix

package cast

// nofollow: there is no such flag; what lies at the path is looked at before.
const nofollow = 0
