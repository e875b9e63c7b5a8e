package natsbus

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// longKey is how long a key may be in a subject: NATS bounds the line with the
// subject in it to 4 KiB.
const longKey = 1024

// encodeKey makes one word of a subject of any key: letters, digits, "-" and "_"
// stand for themselves, another byte is "=" with its two hex digits, and a key that
// gets too long has its hash instead of its end. No key is the empty one's "=".
func encodeKey(key string) string {
	if key == "" {
		return "="
	}
	var b strings.Builder
	for i := range len(key) {
		if c := key[i]; odd(rune(c)) {
			b.WriteByte('=')
			b.WriteString(hex.EncodeToString([]byte{c}))
		} else {
			b.WriteByte(c)
		}
	}
	if b.Len() <= longKey {
		return b.String()
	}
	sum := sha256.Sum256([]byte(key))
	return b.String()[:longKey] + "==" + hex.EncodeToString(sum[:])
}
