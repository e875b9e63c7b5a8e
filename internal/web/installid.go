package web

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// InstallID finds the name under which this machine is known to asciinema
// servers: ASCIINEMA_INSTALL_ID, or the file install-id that asciinema 3 or 2
// keeps. env is [os.Getenv] or stands for it. Nothing is created; the error says
// where was looked.
func InstallID(env func(string) string) (string, error) {
	if id := strings.TrimSpace(env("ASCIINEMA_INSTALL_ID")); id != "" {
		return id, nil
	}
	var looked []string
	for _, path := range installIDFiles(env) {
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			looked = append(looked, path)
			continue
		}
		if err != nil {
			return "", fmt.Errorf("reading the install id: %w", err)
		}
		if id := strings.TrimSpace(string(b)); id != "" {
			return id, nil
		}
		looked = append(looked, path)
	}
	return "", fmt.Errorf("there is no install id, by which the server knows whose a recording is: none in ASCIINEMA_INSTALL_ID, %s; "+
		"give one, or let `asciinema auth` make it", strings.Join(looked, ", "))
}

// installIDFiles are the places where asciinema looks, in its order: its state's
// (from version 3 on) and its configuration's.
func installIDFiles(env func(string) string) []string {
	var files []string
	for _, d := range []struct{ own, xdg, inHome string }{
		{"ASCIINEMA_STATE_HOME", "XDG_STATE_HOME", ".local/state"},
		{"ASCIINEMA_CONFIG_HOME", "XDG_CONFIG_HOME", ".config"},
	} {
		switch {
		case env(d.own) != "":
			files = append(files, filepath.Join(env(d.own), "install-id"))
		case env(d.xdg) != "":
			files = append(files, filepath.Join(env(d.xdg), "asciinema", "install-id"))
		case env("HOME") != "":
			files = append(files, filepath.Join(env("HOME"), d.inHome, "asciinema", "install-id"))
		}
	}
	return files
}
