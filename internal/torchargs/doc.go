// Package torchargs reads the command line of torchrun: its options and their
// PET_* variables, exactly as Python's argparse and torchrun's own checks read
// them, together with the flags of sluice run, which are accepted beside them.
//
// What a word means is decided in this order: the exact name of an option of
// torchrun, the exact name of a flag of sluice run, an unambiguous beginning of
// an option's name, an unambiguous beginning of anything else. Where both sides
// have a name, it means what torchrun means by it.
//
// Differences from torchrun are few and on purpose: two spellings of one option
// never make a prefix ambiguous; nothing after the script is looked at (older
// argparse refuses a script whose own options look like an ambiguous beginning);
// and what torchrun only trips over later, with a traceback, is refused here.
package torchargs
