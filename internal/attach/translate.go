package attach

import (
	"time"

	"github.com/sluicerun/sluice/keys"
	"github.com/sluicerun/sluice/session"
)

// action is one thing that comes of a key.
type action struct {
	bytes  []byte         // to be sent as they are
	steps  []session.Step // to be sent, encoded as the program asks
	shell  string         // to be run here
	notice string         // for the person
}

// translation is the keymap at work, or none.
type translation struct {
	t *keys.Translator
}

func (t *translation) init(m *keys.Keymap) {
	if m != nil {
		t.t = m.New()
	}
}

func (t *translation) feed(u keys.Unit, now time.Time) []action {
	if t.t == nil {
		return []action{{bytes: u.Bytes}}
	}
	return actions(t.t.Feed([]keys.Unit{u}, now))
}

// due is when a sequence of keys that has begun is given up; zero: none has.
func (t *translation) due() time.Time {
	if t.t == nil {
		return time.Time{}
	}
	when, _ := t.t.Deadline()
	return when
}

func (t *translation) expire(now time.Time) []action {
	if due := t.due(); due.IsZero() || now.Before(due) {
		return nil
	}
	return actions(t.t.Feed(nil, now))
}

func actions(from []keys.Action) []action {
	var to []action
	for _, f := range from {
		switch f.Kind {
		case keys.SendBytes:
			to = append(to, action{bytes: f.Bytes})
		case keys.SendKeys:
			s := session.Step{Delay: -1} // a key that was typed, not a text's end
			for _, k := range f.Keys {
				s.Keys = append(s.Keys, k.String())
			}
			to = append(to, action{steps: []session.Step{s}})
		case keys.RunCommand:
			to = append(to, action{shell: f.Command})
		case keys.ModeChange:
			to = append(to, action{notice: "keymap: mode " + f.Mode})
		case keys.TranslationOff:
			to = append(to, action{notice: "keymap: off"})
		case keys.TranslationOn:
			to = append(to, action{notice: "keymap: on"})
		}
	}
	return to
}
