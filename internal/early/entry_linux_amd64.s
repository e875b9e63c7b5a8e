#include "textflag.h"

// System calls of Linux on amd64, and what they are asked for.
#define SYS_WRITE 1
#define SYS_CLOSE 3
#define SYS_DUP2 33
#define SYS_SOCKETPAIR 53
#define SYS_FORK 57
#define SYS_FCNTL 72
#define SYS_GETRLIMIT 97
#define SYS_SETSID 112
#define SYS_PRCTL 157
#define SYS_EXIT_GROUP 231
#define SYS_WAITID 247
#define SYS_GETRANDOM 318
#define SYS_CLOSE_RANGE 436
#define RLIMIT_AS 9
#define AT_RANDOM 25
#define ECHILD 10

DATA title<>+0(SB)/8, $"sluice\x00_"
DATA title<>+8(SB)/8, $"_agent\x00\x00"
GLOBL title<>(SB), RODATA|NOPTR, $16

// func entry()
//
// The stack is as the kernel left it: the number of arguments, and pointers to them.
// R12 is that number, R13 and R14 are where the arguments begin and end.
TEXT ·entry(SB), NOSPLIT|NOFRAME, $0
	SUBQ $16, SP
	MOVQ $SYS_GETRLIMIT, AX
	MOVQ $RLIMIT_AS, DI
	MOVQ SP, SI
	SYSCALL
	MOVQ 0(SP), R8 // the soft limit
	ADDQ $16, SP
	CMPQ AX, $0
	JNE  wide
	CMPQ R8, $0x30000000
	JCC  wide

	MOVQ $SYS_WRITE, AX
	MOVQ $2, DI
	MOVQ ·narrow+0(SB), SI
	MOVQ ·narrow+8(SB), DX
	SYSCALL
	MOVQ $SYS_EXIT_GROUP, AX
	MOVQ $125, DI
	SYSCALL

wide:
	MOVQ 0(SP), R12
	CMPQ R12, $2
	JLT  ready
	MOVQ $0x6e75726863726f74, AX // torchrun
	MOVQ 16(SP), DI
	CMPL 0(DI), $0x006e7572      // run, and its end
	JEQ  run
	CMPQ 0(DI), AX
	JNE  name
	CMPB 8(DI), $0
	JEQ  run

name:
	MOVQ 8(SP), SI
	MOVQ SI, DI

base:
	MOVB 0(SI), CX
	INCQ SI
	CMPB CX, $0
	JEQ  based
	CMPB CX, $0x2f
	JNE  base
	MOVQ SI, DI
	JMP  base

based:
	CMPQ 0(DI), AX
	JNE  ready
	CMPB 8(DI), $0
	JNE  ready

run:
	// What ps shows of the agent is written over our arguments: 15 bytes are needed.
	MOVQ 8(SP), R13
	MOVQ 0(SP)(R12*8), R14

last:
	CMPB 0(R14), $0
	LEAQ 1(R14), R14
	JNE  last
	MOVQ R14, AX
	SUBQ R13, AX
	CMPQ AX, $15
	JLT  ready

	// The same as start does, and in its order; what does not go well is left to it.
	MOVQ $SYS_CLOSE_RANGE, AX
	MOVQ $3, DI
	MOVL $-1, SI
	MOVQ $4, DX
	SYSCALL
	CMPQ AX, $0
	JNE  ready

	MOVQ $SYS_WAITID, AX
	XORL DI, DI
	XORL SI, SI
	XORL DX, DX
	MOVL $0x41000005, R10
	XORL R8, R8
	SYSCALL
	CMPQ AX, $-ECHILD
	JNE  ready

	MOVQ $SYS_PRCTL, AX
	MOVQ $36, DI
	MOVQ $1, SI
	XORL DX, DX
	XORL R10, R10
	XORL R8, R8
	SYSCALL
	CMPQ AX, $0
	JNE  ready

	SUBQ $8, SP
	MOVQ $SYS_SOCKETPAIR, AX
	MOVQ $1, DI
	MOVL $0x80805, SI
	XORL DX, DX
	MOVQ SP, R10
	SYSCALL
	MOVL 0(SP), R8 // ours
	MOVL 4(SP), R9 // the agent's
	ADDQ $8, SP
	CMPQ AX, $0
	JNE  ready
	CMPL R8, $3 // stdin, stdout or stderr is closed: Go's runtime will open it
	JLT  none

	MOVQ $SYS_FORK, AX
	SYSCALL
	CMPQ AX, $0
	JEQ  agent
	JLT  none
	MOVL AX, ·entered+0(SB)
	MOVL R8, ·entered+4(SB)
	JMP  close

none:
	MOVQ $SYS_CLOSE, AX
	MOVL R8, DI
	SYSCALL

close:
	MOVQ $SYS_CLOSE, AX
	MOVL R9, DI
	SYSCALL

ready:
	JMP _rt0_amd64_linux(SB)

agent:
	MOVQ $SYS_SETSID, AX
	SYSCALL

	// The link is 3, and there is nothing above.
	CMPL R9, $3
	JEQ  keep
	MOVQ $SYS_DUP2, AX
	MOVL R9, DI
	MOVQ $3, SI
	SYSCALL
	JMP  above

keep:
	MOVQ $SYS_FCNTL, AX
	MOVQ $3, DI
	MOVQ $2, SI
	XORL DX, DX
	SYSCALL

above:
	MOVQ $SYS_CLOSE_RANGE, AX
	MOVQ $4, DI
	MOVL $-1, SI
	XORL DX, DX
	SYSCALL

	// Two arguments, in the place of ours.
	MOVQ title<>+0(SB), AX
	MOVQ AX, 0(R13)
	MOVQ title<>+7(SB), AX
	MOVQ AX, 7(R13)
	LEAQ 15(R13), DI
	MOVQ R14, CX
	SUBQ DI, CX
	XORL AX, AX
	CLD
	REP
	STOSB
	LEAQ -16(SP)(R12*8), SP
	MOVQ $2, 0(SP)
	MOVQ R13, 8(SP)
	LEAQ 7(R13), R13
	MOVQ R13, 16(SP)

	// Chance is not to be the same in both: Go takes it from where the kernel has put
	// sixteen random bytes. They are found behind the environment.
	LEAQ 32(SP), SI

environment:
	ADDQ $8, SI
	CMPQ -8(SI), $0
	JNE  environment

auxiliary:
	MOVQ 0(SI), AX
	MOVQ 8(SI), DI
	ADDQ $16, SI
	CMPQ AX, $0
	JEQ  ready
	CMPQ AX, $AT_RANDOM
	JNE  auxiliary
	MOVQ $SYS_GETRANDOM, AX
	MOVQ $16, SI
	XORL DX, DX
	SYSCALL
	JMP  ready
