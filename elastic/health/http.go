package health

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// HTTP is spoken by hand here, as little of it as a health check needs: package
// net/http and the cryptography behind it would cost every start of every
// sluice process a millisecond.

// maxRequest is the most that a request line and its headers may have, in bytes.
const maxRequest = 8 << 10

// errRequest is what cannot be understood; errors of the connection are not.
var errRequest = errors.New("this is no HTTP/1 request")

// request is the part of a request that matters.
type request struct{ method, path string }

// readRequest reads a request up to the end of its headers. A body is left
// where it is: no method that has one is answered with success.
func readRequest(r io.Reader) (request, error) {
	lines := bufio.NewReader(io.LimitReader(r, maxRequest))
	line, err := lines.ReadString('\n')
	if err != nil && line == "" {
		return request{}, err
	}
	words := strings.Split(strings.TrimRight(line, "\r\n"), " ")
	if err != nil || len(words) != 3 || words[0] == "" || !strings.HasPrefix(words[2], "HTTP/1.") {
		return request{}, errRequest
	}
	req := request{method: words[0], path: path(words[1])}
	for {
		header, err := lines.ReadString('\n')
		switch {
		case err == io.EOF:
			return req, fmt.Errorf("%w: its headers do not end within %d bytes", errRequest, maxRequest)
		case err != nil:
			return req, err
		case strings.TrimRight(header, "\r\n") == "":
			return req, nil
		}
	}
}

// path is what a target names: "/a?b" and "http://host/a" are both "/a".
func path(target string) string {
	if _, rest, ok := strings.Cut(target, "://"); ok {
		i := strings.IndexByte(rest, '/')
		if i < 0 {
			return "/"
		}
		target = rest[i:]
	}
	target, _, _ = strings.Cut(target, "?")
	return target
}

// response is an answer.
type response struct {
	status  int
	reason  string
	headers string // whole lines
	body    string
}

func plain(status int, reason, text string) response {
	return response{status: status, reason: reason, headers: "Content-Type: text/plain; charset=utf-8\r\n", body: text + "\n"}
}

// bytes is the response as it is sent; head leaves out the body, not its length.
func (p response) bytes(head bool) []byte {
	b := fmt.Appendf(nil, "HTTP/1.1 %d %s\r\n%sContent-Length: %d\r\nConnection: close\r\n\r\n", p.status, p.reason, p.headers, len(p.body))
	if !head {
		b = append(b, p.body...)
	}
	return b
}
