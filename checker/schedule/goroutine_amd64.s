#include "textflag.h"

// func routine() uintptr
TEXT ·routine(SB), NOSPLIT, $0-8
	MOVQ (TLS), AX
	MOVQ AX, ret+0(FP)
	RET
