// Package job holds the plain words of sluice: what is to be run (Spec), how it
// went (Outcome, Result) and what happened on the way (Event), with the small
// grammars that people type (rank sets, stream specs, templates, env files).
//
// It does no I/O apart from ReadEnvFile and imports nothing of sluice, so any
// program may build a Spec, store it as JSON and hand it to package launch.
//
// A zero Spec with a Command is one worker whose output is tee'd to its logs and
// the console; every field's zero value is the default the command line has.
package job
