# Reads the output of go test -v and prints every test that was skipped for any
# other reason than that it needs root, which is only believed when ROOT is 0.
/^=== (RUN|CONT|NAME) / { test = $3; next }
/needs root: /          { root[test] = 1 }
/^ *--- (SKIP|PASS|FAIL): / {
  if ($2 == "SKIP:") {
    if (ROOT || !($3 in root)) print $3
    else needing++
  }
  delete root[$3]
}
END {
  if (needing) print needing " tests were skipped because they need root" > "/dev/stderr"
}
