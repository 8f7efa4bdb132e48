package explore

// Planted is the name of the fault that was planted in the runtime when this
// program was built: none. Package mutant builds with another text in place of
// this file, so that a mutant knows what it is and cannot pass for the runtime.
const Planted = ""
