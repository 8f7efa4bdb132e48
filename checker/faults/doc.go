// Package faults has faults of the checker itself, each a patch beside this file, and a
// test which plants each of them and demands that the tests it names catch it. What ships
// has none of them: they are compiled in by go test -overlay.
//
// A patch begins with two lines, what it breaks and which tests of package checker catch it
// (each of them does by itself), and after an empty line it is a unified diff of paths from
// the root of the module:
//
//	Breaks: the last choice of a step is not tried.
//	Killed by: TestRandomModels
//
// To add one, add its file. Its hunks apply wherever their lines stand, if they stand in
// one place only. That all do is tested each time; by
//
//	go test ./checker/faults -faults all -timeout 60m
//
// all are planted, which takes some seconds each, and by -faults NAME,NAME those.
package faults
