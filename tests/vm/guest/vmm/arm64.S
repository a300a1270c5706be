/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * arm64.S - the guest of vmm.c: EL1, without MMU, entered at guest_start with the
 * number of the virtual CPU in x0.
 *
 * Sender:	x19 struct shared, x22 number of the send, x23 its line of the log
 * Targets:	x19 struct shared, x20 struct target, x21 log of receptions, x22 log of halts;
 *		the handler has x9 to x15 for itself
 */
#include "vmm.h"

#define ICC_PMR_EL1	S3_0_C4_C6_0
#define ICC_SGI1R_EL1	S3_0_C12_C11_5
#define ICC_IAR1_EL1	S3_0_C12_C12_0
#define ICC_EOIR1_EL1	S3_0_C12_C12_1
#define ICC_SRE_EL1	S3_0_C12_C12_5
#define ICC_IGRPEN1_EL1 S3_0_C12_C12_7
#define GICD_GROUP1	0x2
#define GICD_ARE	0x10
#define GICR_SHIFT	17 /* a redistributor a virtual CPU */
#define GICR_SGIS	0x10000
#define GICR_IGROUPR0	0x80
#define GICR_ISENABLER0 0x100
#define GICR_IPRIORITYR 0x400
#define NO_INTERRUPT	1023
#define IRQS		2 /* of daif */
#define ISR_I		7

.macro stamp reg
	isb
	mrs	\reg, cntvct_el0
.endm

	.section .rodata
	.balign 2048
	.globl guest_start, guest_size
guest_start:
	ldr	x19, =GUEST_RAM + SHARED_AT
	adr	x1, vectors
	msr	vbar_el1, x1
	mov	x1, #7
	msr	ICC_SRE_EL1, x1
	isb
	cbnz	x0, target

	ldr	x1, =GICD
	mov	w2, #GICD_ARE | GICD_GROUP1
	str	w2, [x1]
	mov	x22, #0
	ldr	x23, =GUEST_RAM + SENDS_AT
	ldr	w1, [x19, #S_TARGETS]
	add	x2, x19, #S_TARGET
1:	yield				/* until all are ready */
	ldr	x3, [x2, #T_READY]
	cbz	x3, 1b
	add	x2, x2, #1 << TARGET_SHIFT
	subs	w1, w1, #1
	b.ne	1b
next:	ldr	w1, [x19, #S_COUNT]
	cmp	w22, w1
	b.hs	last
	stamp	x1
	ldr	w2, [x19, #S_GAP]
	add	x2, x2, x1
2:	yield
	stamp	x1
	cmp	x1, x2
	b.lo	2b
	mov	x0, #IPI_VECTOR
	bl	send
	ldr	w1, [x19, #S_SYNC]
	cbz	w1, next
	ldr	w1, [x19, #S_TARGETS]
	add	x2, x19, #S_TARGET
3:	yield				/* until all have received it */
	ldr	x3, [x2, #T_RECEIVED]
	cmp	x3, x22
	b.lo	3b
	add	x2, x2, #1 << TARGET_SHIFT
	subs	w1, w1, #1
	b.ne	3b
	b	next
last:	mov	x0, #END_VECTOR
	bl	send
done:	mov	w0, #DONE_WELL
say:	ldr	x1, =DONE_MMIO
	str	w0, [x1]
	b	.

/* Sends SGI x0 to all targets, with stamps around. */
send:	ldr	x1, [x19, #S_BEGUN]
	add	x1, x1, #1
	str	x1, [x19, #S_BEGUN]
	dsb	sy
	ldr	w1, [x19, #S_TARGETS]
	mov	x2, #1
	lsl	x2, x2, x1
	sub	x2, x2, #1
	lsl	x2, x2, #1		/* a bit each, from virtual CPU 1 on */
	orr	x2, x2, x0, lsl #24
	stamp	x1
	str	x1, [x23]
	msr	ICC_SGI1R_EL1, x2
	stamp	x1
	str	x1, [x23, #8]
	add	x23, x23, #1 << SENDS_SHIFT
	add	x22, x22, #1
	ret

target:	ldr	x1, =GICR
	add	x1, x1, x0, lsl #GICR_SHIFT
	add	x1, x1, #GICR_SGIS
	mov	w2, #-1
	str	w2, [x1, #GICR_IGROUPR0]
	mov	w2, #0x80
	strb	w2, [x1, #GICR_IPRIORITYR + IPI_VECTOR]
	mov	w2, #0xa0		/* the greater, the less urgent */
	strb	w2, [x1, #GICR_IPRIORITYR + END_VECTOR]
	mov	w2, #1 << IPI_VECTOR | 1 << END_VECTOR
	str	w2, [x1, #GICR_ISENABLER0]
	mov	x2, #0xff
	msr	ICC_PMR_EL1, x2
	mov	x2, #1
	msr	ICC_IGRPEN1_EL1, x2
	isb
	sub	x0, x0, #1
	add	x20, x19, x0, lsl #TARGET_SHIFT
	add	x20, x20, #S_TARGET
	ldr	x21, =GUEST_RAM + RECEIVED_AT
	mov	x1, #RECV_SIZE
	madd	x21, x0, x1, x21
	ldr	x22, =GUEST_RAM + HALTS_AT
	mov	x1, #HALTS_SIZE
	madd	x22, x0, x1, x22
	mov	x1, #1
	str	x1, [x20, #T_READY]
	ldr	w1, [x19, #S_WAIT]
	cmp	w1, #WAIT_POLL
	b.eq	poll
	cmp	w1, #WAIT_MASKED
	b.eq	masked
halt:	msr	daifset, #IRQS
	ldr	x1, [x20, #T_ENDED]
	cbnz	x1, done
	ldr	x1, [x20, #T_HALTS]
	add	x3, x22, x1, lsl #HALTS_SHIFT
	stamp	x2
	str	x2, [x3]
	add	x1, x1, #1
	str	x1, [x20, #T_HALTS]
	dsb	sy
	mrs	x2, isr_el1
	wfi				/* ends with an interrupt, though they are off */
	stamp	x1
	ubfx	x2, x2, #ISR_I, #1
	stp	x2, x1, [x3, #8]
	msr	daifclr, #IRQS
	isb
	b	halt
poll:	msr	daifclr, #IRQS
1:	yield
	ldr	x1, [x20, #T_ENDED]
	cbz	x1, 1b
	b	done
masked:	msr	daifset, #IRQS
	stamp	x1
	ldr	x2, [x19, #S_MASKED]
	add	x2, x2, x1
1:	yield
	stamp	x1
	cmp	x1, x2
	b.lo	1b
	msr	daifclr, #IRQS
	isb
	ldr	x1, [x20, #T_ENDED]
	cbz	x1, masked
	b	done

irq:	stamp	x10
	mrs	x9, ICC_IAR1_EL1
	dsb	sy
	and	x14, x9, #0xffffff
	mov	x11, #NO_INTERRUPT
	cmp	x14, x11
	b.eq	1f
	ldr	x11, [x20, #T_RECEIVED]
	add	x12, x21, x11, lsl #RECV_SHIFT
	str	x10, [x12]
	ldr	x13, [x19, #S_BEGUN]
	str	x13, [x12, #8]
	str	x14, [x12, #16]
	ldr	x13, [x20, #T_HALTS]
	str	x13, [x12, #24]
	msr	ICC_EOIR1_EL1, x9
	isb
	cmp	x14, #END_VECTOR
	b.ne	2f
	mov	x13, #1
	str	x13, [x20, #T_ENDED]
2:	add	x11, x11, #1
	dsb	sy
	str	x11, [x20, #T_RECEIVED]	/* the sender may go on */
1:	eret

stray:	mov	w0, #DONE_STRAY
	b	say
	.ltorg

	.balign 2048
vectors:				/* the sixth: interrupts of this level */
	.rept	5
	b	stray
	.balign 128
	.endr
	b	irq
	.balign 128
	.rept	10
	b	stray
	.balign 128
	.endr
guest_end:

	.balign 4
guest_size: .long guest_end - guest_start
	.section .note.GNU-stack, "", %progbits
