// Package e2e tests sluice as people use it: the built program, real workers,
// real signals. It holds tests only; e2e_test.go has the helpers.
package e2e
