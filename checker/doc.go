// Package checker explores every reachable state of a finite model and answers,
// for each of its properties, holds, violated or unknown, with a shortest
// counterexample that was re-executed before it is shown.
package checker
