package torchargs

import (
	"regexp"
	"strings"
	"testing"
)

func TestRendezvous(t *testing.T) {
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	for _, c := range []struct {
		env, line, want string // want: backend endpoint id nodes
		warnings        string // their beginnings
	}{
		{"", "", "standalone c10d localhost:0 UUID 1:1", ""},
		{"", "--rdzv-id 7", "standalone c10d localhost:0 UUID 1:1", `--rdzv-id "7" has no effect`},
		{"", "--master-addr 10.0.0.1", "standalone c10d localhost:0 UUID 1:1", ""},
		{"", "--master-port 1234", "static 127.0.0.1:1234 none 1:1", ""},
		{"PET_MASTER_PORT=1234", "--rdzv-id 7", "static 127.0.0.1:1234 7 1:1", ""},
		{"", "--master-addr [::1] --master-port 1234", "static [::1]:1234 none 1:1", ""},
		{"", "--rdzv-endpoint h:99", "static h:99 none 1:1", ""},
		{"", "--nnodes 2 --node-rank 1", "static 127.0.0.1:29500 none 2:2 rank 1", ""},
		{"", "--nnodes 2 --master-addr h", "static h:29500 none 2:2", ""},
		{"", "--nnodes 1:2 --master-addr h", "c10d h:29500 none 1:2", ""},
		{"", "--nnodes 1:2 --rdzv-endpoint h", "c10d h:29400 none 1:2", ""},
		{"", "--nnodes 1:2 --master-addr h --rdzv-backend static", "static h:29500 none 1:2", "--nnodes 1:2: a static rendezvous waits for all 2"},
		{"", "--standalone --rdzv-backend static --rdzv-endpoint h:1 --rdzv-id 7 --master-port 5", "standalone c10d localhost:0 UUID 1:1",
			`--rdzv-id "7" has|--rdzv-backend static has|--rdzv-endpoint "h:1" has|--master-port 5 has`},
		{"", "--standalone --nnodes 1:4", "standalone c10d localhost:0 UUID 1:1", ""},
		{"", "--standalone --node-rank 1", "standalone c10d localhost:0 UUID 1:1 rank 1", "--node-rank 1 has no effect"},
		{"", "--rdzv-backend c10d", "c10d localhost:29400 none 1:1", ""},
		{"", "--rdzv-backend c10d --rdzv-endpoint h --rdzv-id 7 --nnodes 2:4", "c10d h:29400 7 2:4", ""},
		{"", "--rdzv-backend=c10d --rdzv-endpoint=[fe80::1]:7 --nnodes 2", "c10d [fe80::1]:7 none 2:2", ""},
		{"", "--rdzv-backend c10d --master-addr h --node-rank 3", "c10d localhost:29400 none 1:1 rank 3",
			"--master-addr and --master-port have no effect|--node-rank 3 has no effect"},
	} {
		a := parse(t, strings.Fields(c.env), append(strings.Fields(c.line), "t.py")...)
		r := a.Rendezvous()
		id := r.RunID
		if uuid.MatchString(id) {
			id = "UUID"
		}
		got := strings.Join([]string{r.Backend, r.Endpoint(), id, Nproc{Count: r.MinNodes}.String() + ":" + Nproc{Count: r.MaxNodes}.String()}, " ")
		if r.Standalone {
			got = "standalone " + got
		}
		if r.NodeRank != 0 {
			got += " rank " + Nproc{Count: r.NodeRank}.String()
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.line, got, c.want)
		}
		if a.Rendezvous().RunID != r.RunID {
			t.Errorf("%s: the id changes", c.line)
		}
		want := strings.FieldsFunc(c.warnings, func(r rune) bool { return r == '|' })
		if len(a.Warnings) != len(want) {
			t.Errorf("%s: warnings %q, want %q", c.line, a.Warnings, want)
			continue
		}
		for i, w := range want {
			if !strings.HasPrefix(a.Warnings[i], w) {
				t.Errorf("%s: warning %q, want %q", c.line, a.Warnings[i], w)
			}
		}
	}
	for line, words := range map[string]string{
		"--rdzv-endpoint h":                      "--master-port|the port is missing",
		"--rdzv-endpoint h:99999":                `"99999" is no port`,
		"--master-addr a/b --master-port 1":      "--master-addr and --master-port|is no host",
		"--nnodes 2 --node-rank 2":               "--node-rank 2|0 to 1",
		"--nnodes 2 --standalone":                "--standalone is for one machine",
		"--rdzv-backend c10d --rdzv-endpoint h:": "is no port",
		"--rdzv-backend c10d --rdzv-conf store_type=file --rdzv-endpoint /tmp/x": "store_type",
		"--master-port 1 --rdzv-id=": "--rdzv-id: it is empty",
	} {
		_, err := Parse(append(strings.Fields(line), "t.py"), environ(), nil)
		refuse(t, err, strings.Split(words, "|")...)
	}
}

// endpointCases are texts for which torchrun and we must agree.
func endpointCases() map[string]string {
	return map[string]string{
		"": "localhost 7", "  ": "localhost 7", "h": "h 7", "h:1": "h 1", " h:1 ": "h 1", "10.0.0.1:0": "10.0.0.1 0", "h:65535": "h 65535",
		"[::1]": "::1 7", "[::1]:29400": "::1 29400", "fe80::1:29400": "fe80::1 29400", "a-b_c.d:1": "a-b_c.d 1", "h:00080": "h 80",
		"h:65536": "", "h:": "", "h:x": "", "h:-1": "", "h: 1": "", "h:123456": "", "a b:1": "", "a/b": "", "[]": "", "[": "", ":1": "", "[::1]:": "", "h:1:": "",
	}
}

func TestEndpoint(t *testing.T) {
	for text, want := range endpointCases() {
		host, port, err := parseEndpoint(text, 7)
		got := ""
		if err == nil {
			got = host + " " + strings.TrimPrefix(Rendezvous{Host: "", Port: port}.Endpoint(), ":")
		}
		if got != want {
			t.Errorf("%q: got %q (%v), want %q", text, got, err, want)
		}
	}
	_, _, err := parseEndpoint("::1", 7)
	refuse(t, err, "brackets")
}
