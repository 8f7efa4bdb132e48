// Package patches holds the faults of the runtime, one patch each; package mutant
// reads them. It has the patches alone, and imports nothing of this module, so that a
// mutant is linked without it being compiled again.
package patches

import "embed"

// Files are the patches.
//
//go:embed *.patch
var Files embed.FS
