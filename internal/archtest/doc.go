// Package archtest keeps the house in order: its test fails when a package
// imports one that does not lie below it. There is nothing to import here.
package archtest
