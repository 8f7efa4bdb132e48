// Package fuzz checks the runtime from outside, with inputs that nobody chose.
// Its tests are properties: the channel against a plain queue, typed calls against
// the values that were sent, a receiver against a peer that writes anything at any
// moment. Each has canaries, broken twins that it must find. Its folders:
//
//	child    parts of a program in processes of their own
//	history  what clients saw, judged by Porcupine
//	stress   real processes at full speed, and killed
//
// It promises nothing to users of urpc.
package fuzz
