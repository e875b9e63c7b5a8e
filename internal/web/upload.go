package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

// UploadOptions say what [Upload] sends where. Server, Token and File must be
// given.
type UploadOptions struct {
	// Server is the server's URL: https://HOST, without the path of its API.
	Server string
	// Insecure permits http:// to a server on another machine: the recording and the
	// token can be read on the way.
	Insecure bool
	// Token is the install id, by which the server knows whose the recording is. See
	// [InstallID].
	Token string
	// User is the name that goes with it; empty: $USER. It may be anything.
	User string
	// File is an asciicast, from where it stands to its end, and Name the name of
	// its file; empty: "recording.cast".
	File io.ReadSeeker
	Name string
	// Title, Description and Visibility ("public", "unlisted" or "private") are what
	// the server is to keep with it; empty: what the file or the server says. Older
	// servers do not know them, and then nothing is uploaded.
	Title, Description, Visibility string
}

// Uploaded is the server's answer.
type Uploaded struct {
	// URL is where the recording can be seen, Message what the server says to its
	// user, of several lines maybe, perhaps empty.
	URL, Message string
}

// Upload sends a recording to an asciinema-compatible server: over the API's
// version 1, or to an older server over its only one. It tries once. When the
// connection breaks half-way the server may have the recording all the same, and
// the error says so. Options that make no sense are an [OptionError].
func Upload(ctx context.Context, o UploadOptions) (*Uploaded, error) {
	u, err := o.check()
	if err != nil {
		return nil, &OptionError{fmt.Errorf("uploading a recording: %w", err)}
	}
	fail := func(err error) (*Uploaded, error) {
		return nil, fmt.Errorf("uploading a recording to %s: %w", u.Host, err)
	}
	start, err := o.File.Seek(0, io.SeekCurrent)
	if err != nil {
		return fail(err)
	}
	fields := [][2]string{{"title", o.Title}, {"description", o.Description}, {"visibility", o.Visibility}}
	up, status, err := o.post(ctx, u.JoinPath("api/v1/recordings"), "file", fields, start)
	if status != http.StatusNotFound && status != http.StatusMethodNotAllowed {
		if err != nil {
			return fail(err)
		}
		return up, nil
	}
	// No version 1 there, so nothing came of it and the recording may be sent again.
	for _, f := range fields {
		if f[1] != "" {
			return fail(fmt.Errorf("it is an older server, which takes no %s with a recording: nothing was uploaded", f[0]))
		}
	}
	if up, _, err = o.post(ctx, u.JoinPath("api/asciicasts"), "asciicast", nil, start); err != nil {
		return fail(err)
	}
	return up, nil
}

func (o *UploadOptions) check() (*url.URL, error) {
	u, err := url.Parse(o.Server)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%q is no server's URL: it has the form https://HOST", o.Server)
	case u.User != nil || u.RawQuery != "":
		return nil, errors.New("the server's URL has a name or a query in it: it has the form https://HOST")
	case u.Scheme == "http" && !o.Insecure && !loopback(u.Hostname()):
		return nil, fmt.Errorf("http://%s is not encrypted: use https://, or permit it with the option for insecure connections", u.Host)
	case o.Token == "":
		return nil, errors.New("there is no install id")
	case o.File == nil:
		return nil, errors.New("there is no file")
	}
	switch o.Visibility {
	case "", "public", "unlisted", "private":
	default:
		return nil, fmt.Errorf("the visibility %q is not one of public, unlisted, private", o.Visibility)
	}
	if o.Name == "" {
		o.Name = "recording.cast"
	}
	if o.User == "" {
		o.User = os.Getenv("USER")
	}
	return u, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// post sends the form and reads the answer. status is 0 if there was none.
func (o *UploadOptions) post(ctx context.Context, u *url.URL, name string, fields [][2]string, start int64) (up *Uploaded, status int, err error) {
	end, err := o.File.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, 0, err
	}
	if _, err := o.File.Seek(start, io.SeekStart); err != nil {
		return nil, 0, err
	}
	head, tail, contentType, err := o.form(name, fields)
	if err != nil {
		return nil, 0, err
	}
	body := &uploadBody{r: io.MultiReader(bytes.NewReader(head), io.LimitReader(o.File, end-start), bytes.NewReader(tail))}
	defer body.Close()
	var reached bool // the server may have got something
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { reached = true }})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), body)
	if err != nil {
		return nil, 0, err
	}
	req.ContentLength = int64(len(head)) + end - start + int64(len(tail))
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "sluice")
	// A server that refuses at once closes the connection, and its answer would be
	// lost with what could not be written any more.
	req.Header.Set("Expect", "100-continue")
	req.SetBasicAuth(o.User, o.Token)
	tr := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 2 * time.Minute,
		ExpectContinueTimeout: 2 * time.Second,
		DisableKeepAlives:     true,
		ForceAttemptHTTP2:     true,
	}
	defer tr.CloseIdleConnections()
	// A redirect would make a GET of it, or send the token to somebody else.
	resp, err := (&http.Client{Transport: tr, CheckRedirect: noRedirect}).Do(req)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("the server closed the connection without an answer")
		}
		if reached {
			err = fmt.Errorf("%w: the server may have the recording all the same: look there before you try again", err)
		}
		return nil, 0, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return nil, resp.StatusCode, fmt.Errorf("reading its answer (HTTP status %d): %w", resp.StatusCode, err)
	}
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusCreated {
		return nil, resp.StatusCode, uploadError(resp, text)
	}
	up, err = answer(resp, text)
	return up, resp.StatusCode, err
}

// uploadBody is what is sent. A server may answer before it has read all of it, and
// then the transport goes on reading for a while: after Close it gets nothing more
// of a file that may be sent again.
type uploadBody struct {
	mu sync.Mutex
	r  io.Reader
}

func (b *uploadBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.r == nil {
		return 0, os.ErrClosed
	}
	return b.r.Read(p)
}

func (b *uploadBody) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.r = nil
	return nil
}

// form is what comes before and after the file.
func (o *UploadOptions) form(name string, fields [][2]string) (head, tail []byte, contentType string, err error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, f := range fields {
		if f[1] != "" {
			if err := w.WriteField(f[0], f[1]); err != nil {
				return nil, nil, "", err
			}
		}
	}
	if _, err := w.CreateFormFile(name, o.Name); err != nil {
		return nil, nil, "", err
	}
	n := b.Len()
	if err := w.Close(); err != nil {
		return nil, nil, "", err
	}
	return b.Bytes()[:n], b.Bytes()[n:], w.FormDataContentType(), nil
}

// answer reads what the server says of a recording that it took: JSON, or the URL
// alone.
func answer(resp *http.Response, text []byte) (*Uploaded, error) {
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		return &Uploaded{URL: strings.TrimSpace(string(text))}, nil
	}
	var a struct{ URL, Message string }
	if err := json.Unmarshal(text, &a); err != nil || a.URL == "" {
		return nil, errors.New("the server has the recording, but does not say where")
	}
	return &Uploaded{URL: a.URL, Message: strings.TrimSpace(a.Message)}, nil
}

// uploadError explains a refusal. Of the server's own words the message is kept.
func uploadError(resp *http.Response, text []byte) error {
	var a struct{ Message, Reason, Error string }
	said := ""
	if json.Unmarshal(text, &a) == nil {
		for _, s := range []string{a.Message, a.Reason, a.Error} {
			if s != "" && said == "" {
				said = fmt.Sprintf(": %.500q", s)
			}
		}
	}
	why := ""
	switch code := resp.StatusCode; {
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		why = "the server does not accept the install id: it is unknown or was revoked; `asciinema auth` registers it"
	case code == http.StatusNotFound || code == http.StatusMethodNotAllowed:
		why = "there is no asciinema server at this URL"
	case code == http.StatusRequestEntityTooLarge:
		why = "the recording is larger than the server permits"
	case code == http.StatusUnprocessableEntity || code == http.StatusBadRequest:
		why = "the server does not take this file for an asciicast"
	case code == http.StatusServiceUnavailable:
		why = "the server is down for maintenance: try again later"
	case code >= 300 && code < 400:
		why = fmt.Sprintf("the server sends us to %q: use that server's URL", resp.Header.Get("Location"))
	case code >= 500:
		why = "the server has a problem of its own: try again later"
	default:
		why = "the server refuses it"
	}
	return fmt.Errorf("%s%s (HTTP status %d)", why, said, resp.StatusCode)
}
