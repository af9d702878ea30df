/* SPDX-License-Identifier: (GPL-2.0 OR MIT) */
/* Reads the registers of a program, struct pt_regs. */
#ifndef TCPCONN_REGISTERS_H
#define TCPCONN_REGISTERS_H

/* Values of probe_config.machine: the layout of the registers. */
enum { MACHINE_X86_64 = 0, MACHINE_ARM64 = 1 };

/* Offsets in struct pt_regs. Macros: the verifier allows only constant offsets, and the compiler would compute them. */
#define READ_WORD(word, registers, offset) \
	asm volatile("%0 = *(u64 *)(%1 + " #offset ")" : "=r"(word) : "r"(registers))

#define READ_HALF(word, registers, offset) \
	asm volatile("%0 = *(u32 *)(%1 + " #offset ")" : "=r"(word) : "r"(registers))

#endif
