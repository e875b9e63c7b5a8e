package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sluicerun/sluice/session"
)

// defaultPrompt is that of a script's shell.
const defaultPrompt = "$ "

// cleanShell makes c an interactive shell that reads nobody's start-up files,
// keeps no history, and marks its prompts. dir receives files that it reads.
func cleanShell(c *session.Command, shell, prompt, dir string) error {
	if prompt == "" {
		prompt = defaultPrompt
	}
	rc := filepath.Join(dir, "rc")
	var text string
	switch shell {
	case "bash":
		// What a variable holds is not expanded once more.
		text = "unset HISTFILE\n__sluice_text=" + quoteSh(prompt) + "\nPS1='$__sluice_text'\n" + initBash
		c.Args = []string{"bash", "--noprofile", "--rcfile", rc, "-i"}
		c.Env = append(c.Env, "INPUTRC="+os.DevNull)
	case "zsh":
		rc = filepath.Join(dir, ".zshrc")
		text = "unset HISTFILE RPS1\nunsetopt prompt_subst prompt_bang\nPS1=" + quoteSh(strings.ReplaceAll(prompt, "%", "%%")) + "\n" + initZsh
		c.Args = []string{"zsh", "-d", "-i"}
		c.Env = append(c.Env, "ZDOTDIR="+dir)
	case "fish":
		text = "set -g fish_greeting\nfunction fish_prompt\n    printf %s " + quoteFish(prompt) + "\nend\nfunction fish_title\nend\n" + initFish
		c.Args = []string{"fish", "--no-config", "--private", "-i", "-C", "source " + quoteFish(rc)}
	case "sh":
		// A plain shell says where its prompts are, but not where output begins.
		text = "__sluice_text=" + quoteSh("\x1b]133;A\a"+prompt+"\x1b]133;B\a") + "\nPS1='$__sluice_text'\n"
		c.Args = []string{"sh", "-i"}
		c.Env = append(c.Env, "ENV="+rc)
	default:
		return fmt.Errorf("starting a shell: %q is none of bash, zsh, fish and sh", shell)
	}
	if err := os.WriteFile(rc, []byte(text), 0o600); err != nil {
		return fmt.Errorf("starting a shell: %w", err)
	}
	return nil
}

// quoteSh quotes a word for shells of Bourne's kind.
func quoteSh(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// quoteFish quotes a word for fish, which knows two escapes in single quotes.
func quoteFish(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}
