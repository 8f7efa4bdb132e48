// Package refactorings holds changes of the runtime that change no behaviour, one
// patch each; package mutant reads them. It is a package of its own for the reason of
// package patches.
package refactorings

import "embed"

// Files are the patches.
//
//go:embed *.patch
var Files embed.FS
