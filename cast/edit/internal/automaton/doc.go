// Package automaton runs regular expressions over text that comes in pieces.
//
// The package regexp wants all of a text, and does not say whether a match may
// still begin or grow at its end. A [Set] holds the programs that regexp/syntax
// compiles, and has two ways to run them which step through the same threads in
// the same order, so that they always agree:
//
//   - [Scanner] is quick and knows no positions. It says after each character
//     whether any expression is in the middle of a match, and which have matched.
//     It is an automaton of states that are made when they are first needed.
//   - [Set.Run] is slow and exact, for the short stretches in which the first saw
//     a match: it gives where the matches lie.
//
// Matches are those of regexp: leftmost-first, one after the other, none
// overlaps another of the same expression. Empty ones are not told. A loop around
// what can be nothing but an assertion, such as (?:\B|a)*, may prefer a longer
// match than regexp does.
package automaton
