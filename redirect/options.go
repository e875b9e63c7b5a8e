package redirect

import "io/fs"

// Options says how a file is opened and what else gets the bytes. The zero
// value truncates the file and sends nothing anywhere else.
type Options struct {
	// Append keeps what the file holds.
	Append bool
	// Tee sends the bytes to the file and to the stream's former destination.
	Tee bool
	// Perm is the mode of a file that has to be made, before the umask. Zero
	// means 0666, as in a shell.
	Perm fs.FileMode
	// Flush is called right before each switch, there and back. It empties
	// buffers that lie above the descriptor. An error from it stops a
	// redirection before anything was changed; Restore reports it and goes on.
	// It must not call into this package.
	Flush func() error
}

// Option sets one part of Options. A program that builds Options itself passes
// func(o *redirect.Options) { *o = mine }.
type Option func(*Options)

// Append keeps what the file holds; without it the file is truncated.
func Append(o *Options) { o.Append = true }

// Tee sends the bytes to the former destination too; see the package comment
// for what that means for Restore and for children.
func Tee(o *Options) { o.Tee = true }

// Perm sets the mode of a file that has to be made, before the umask.
func Perm(mode fs.FileMode) Option { return func(o *Options) { o.Perm = mode } }

// Flush has f called right before each switch, there and back. It is an option
// and not a hook registered by an import, so that whoever reads the call sees
// that C is involved, and tests and libraries cannot change it for each other.
func Flush(f func() error) Option { return func(o *Options) { o.Flush = f } }

func collect(opts []Option) Options {
	var o Options
	for _, set := range opts {
		set(&o)
	}
	if o.Perm == 0 {
		o.Perm = 0o666
	}
	return o
}
