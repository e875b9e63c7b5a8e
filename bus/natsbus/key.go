package natsbus

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Sizes of what stands for a run id.
const (
	keyMax      = 40
	keyReadable = keyMax - 1 - 2*keyHash
	keyHash     = 8 // bytes
)

// Key is what stands for a run id in subjects and bucket names: the id itself if
// it is made of letters, digits, "-" and "_" and has at most 40 of them, else what
// is readable of it and a hash.
func Key(runID string) string {
	if runID != "" && len(runID) <= keyMax && strings.IndexFunc(runID, odd) < 0 {
		return runID
	}
	readable := strings.Map(func(r rune) rune {
		if odd(r) {
			return '_'
		}
		return r
	}, runID)
	return readable[:min(len(readable), keyReadable)] + "-" + hash(runID)
}

func odd(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '_':
		return false
	}
	return true
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:keyHash])
}

// root is what the subjects of a run begin with on the wire.
func root(runID string) string { return "sluice." + Key(runID) + "." }

// bucket is the name of the key-value bucket of a run.
func bucket(runID string) string { return "sluice_" + Key(runID) }

// inbox is what the subjects of answers to the connection of that name begin
// with. The server can tell it from the name, and so keep others from listening.
func inbox(name string) string { return "_INBOX." + hash(name) }
