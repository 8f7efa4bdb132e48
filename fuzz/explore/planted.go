package explore

// planted is the name of the fault that was planted in the runtime when this
// program was built: none. Package mutant has the linker set it, so that a mutant
// knows what it is and cannot pass for the runtime.
var planted string

// Planted is that name.
func Planted() string { return planted }
