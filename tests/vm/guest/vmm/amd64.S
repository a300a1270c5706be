/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * amd64.S - the guest of vmm.c: 64-bit, flat, entered at guest_start with the
 * number of the virtual CPU in edi and a stack.
 *
 * Sender:	rbp struct shared, r12 number of the send, r13 its line of the log
 * Targets:	rbp struct shared, r8 struct target, r9 log of receptions, r10 log of halts;
 *		the handler relies on them
 */
#include "vmm.h"

#define APIC_BASE  0x1b /* MSRs */
#define X2APIC_EOI 0x80b
#define X2APIC_SVR 0x80f
#define X2APIC_ICR 0x830
#define X2APIC_LVT_TIMER 0x832
#define X2APIC_COUNT 0x838 /* of the timer: in ns, KVM's bus has 1 GHz */
#define X2APIC_DIVIDE 0x83e
#define DIVIDE_BY_1 0xb
#define APIC	   0xfee00000 /* memory */
#define APIC_EOI   0xb0
#define APIC_SVR   0xf0
#define APIC_ICR   0x300
#define APIC_ICR2  0x310
#define TO_OTHERS  0xc0000 /* the ICR's shorthand: all but oneself */
#define HC_SEND_IPI 10	   /* KVM_HC_SEND_IPI */

/* rax; rdx is lost. */
.macro stamp
	rdtsc
	shl	$32, %rdx
	or	%rdx, %rax
.endm

	.section .rodata
	.code64
	.balign 16
	.globl guest_start, guest_size, guest_ipi, guest_last, guest_device, guest_timer, guest_stray
guest_start:
	mov	$SHARED_AT, %ebp
	call	apic_enable
	test	%edi, %edi
	jnz	target

	xor	%r12d, %r12d
	mov	$SENDS_AT, %r13d
	mov	S_TARGETS(%rbp), %ecx
	lea	S_TARGET(%rbp), %rbx
1:	pause				/* until all are ready */
	cmpq	$0, T_READY(%rbx)
	je	1b
	add	$1 << TARGET_SHIFT, %rbx
	dec	%ecx
	jnz	1b
next:	cmp	S_COUNT(%rbp), %r12d
	jae	last
	stamp
	mov	S_GAP(%rbp), %r14d
	add	%rax, %r14
2:	pause
	stamp
	cmp	%r14, %rax
	jb	2b
	mov	$IPI_VECTOR, %edi
	call	send
	cmpl	$0, S_SYNC(%rbp)
	je	next
	mov	S_TARGETS(%rbp), %ecx
	lea	S_TARGET(%rbp), %rbx
3:	pause				/* until all have received it */
	cmp	%r12, T_RECEIVED(%rbx)
	jb	3b
	add	$1 << TARGET_SHIFT, %rbx
	dec	%ecx
	jnz	3b
	jmp	next
last:	pause
	cmpq	$0, S_DEVICES(%rbp)
	jne	last
	mov	$END_VECTOR, %edi
	call	send
done:	mov	$DONE_PORT, %dx
	mov	$DONE_WELL, %al
	out	%al, %dx
	hlt

/* Sends vector edi, with stamps around, by the path wanted. */
send:	lock incq S_BEGUN(%rbp)
	stamp
	mov	%rax, (%r13)
	mov	S_TARGETS(%rbp), %ecx
	cmpl	$PATH_HYPERCALL, S_PATH(%rbp)
	je	by_hypercall
	mov	%edi, %eax
	mov	$1, %edx		/* the only target's APIC id */
	cmp	$1, %ecx
	je	1f
	or	$TO_OTHERS, %eax
	xor	%edx, %edx
1:	cmpl	$PATH_XAPIC, S_PATH(%rbp)
	je	by_memory
	mov	$X2APIC_ICR, %ecx
	wrmsr
	jmp	sent
by_memory:
	mov	$APIC, %ebx
	shl	$24, %edx
	mov	%edx, APIC_ICR2(%rbx)
	mov	%eax, APIC_ICR(%rbx)
	jmp	sent
by_hypercall:				/* a bitmap of targets in rbx and rcx, from APIC id rdx on */
	mov	$1, %ebx
	shl	%cl, %ebx
	dec	%ebx
	xor	%ecx, %ecx
	mov	$1, %edx
	mov	%edi, %esi
	mov	$HC_SEND_IPI, %eax
	vmmcall
sent:	stamp
	mov	%rax, 8(%r13)
	add	$1 << SENDS_SHIFT, %r13
	inc	%r12
	ret

/* In x2APIC mode, unless the path is memory. */
apic_enable:
	mov	$APIC_BASE, %ecx
	rdmsr
	or	$0x800, %eax
	cmpl	$PATH_XAPIC, S_PATH(%rbp)
	je	1f
	or	$0x400, %eax
1:	wrmsr
	mov	$0x1ff, %eax
	cmpl	$PATH_XAPIC, S_PATH(%rbp)
	je	2f
	mov	$X2APIC_SVR, %ecx
	xor	%edx, %edx
	wrmsr
	ret
2:	mov	$APIC, %ebx
	mov	%eax, APIC_SVR(%rbx)
	ret

target:	dec	%edi
	mov	%rdi, %r8
	shl	$TARGET_SHIFT, %r8
	lea	S_TARGET(%rbp, %r8), %r8
	imul	$RECV_SIZE, %rdi, %r9
	add	$RECEIVED_AT, %r9
	imul	$HALTS_SIZE, %rdi, %r10
	add	$HALTS_AT, %r10
	movq	$1, T_READY(%r8)
	cmpl	$WAIT_POLL, S_WAIT(%rbp)
	je	poll
	cmpl	$WAIT_MASKED, S_WAIT(%rbp)
	je	masked
halt:	cli
	cmpq	$0, T_ENDED(%r8)
	jne	done
	stamp
	mov	T_HALTS(%r8), %rbx
	shl	$HALTS_SHIFT, %rbx
	mov	%rax, (%r10, %rbx)
	incq	T_HALTS(%r8)
	cmpl	$WAIT_TIMER, S_WAIT(%rbp)
	jne	1f
	call	arm_timer
1:	sti				/* interrupts are off for one instruction more */
	hlt
	jmp	halt
/* Once, from now on: what was set before is not. */
arm_timer:
	xor	%edx, %edx
	mov	$X2APIC_DIVIDE, %ecx
	mov	$DIVIDE_BY_1, %eax
	wrmsr
	mov	$X2APIC_LVT_TIMER, %ecx
	mov	$TIMER_VECTOR, %eax
	wrmsr
	mov	$X2APIC_COUNT, %ecx
	mov	$TIMER_NS, %eax
	wrmsr
	ret

poll:	sti
1:	pause
	cmpq	$0, T_ENDED(%r8)
	je	1b
	jmp	done
masked:	cli
	stamp
	mov	%rax, %r14
	add	S_MASKED(%rbp), %r14
1:	pause
	stamp
	cmp	%r14, %rax
	jb	1b
	sti
	nop
	nop
	cmpq	$0, T_ENDED(%r8)
	je	masked
	jmp	done

/*
 * QEMU's SVM (helper_vmrun(), target/i386/tcg/sysemu/svm_helper.c) leaves the vector that it injects as an exception
 * to come. If it stops the virtual CPU before the next exit, it delivers that again, into the handler, though
 * interrupts are off there: not for the guest to count.
 */
.macro not_twice
	push	%rax
	mov	8(%rsp), %rax
	sub	$CODE_AT + ipi - guest_start, %rax
	cmp	$handler_end - ipi, %rax
	jb	doubled
.endm

	.balign 16
ipi:	not_twice
	mov	$IPI_VECTOR, %eax
	jmp	handler
	.balign 16
last_ipi:
	not_twice
	mov	$END_VECTOR, %eax
handler:
	push	%rbx
	push	%rcx
	push	%rdx
	mov	%eax, %ebx
	stamp
	mov	T_RECEIVED(%r8), %rcx
	shl	$RECV_SHIFT, %rcx
	add	%r9, %rcx
	mov	%rax, (%rcx)
	mov	S_BEGUN(%rbp), %rax
	mov	%rax, 8(%rcx)
	mov	%rbx, 16(%rcx)
	mov	T_HALTS(%r8), %rax
	mov	%rax, 24(%rcx)
	cmpl	$END_VECTOR, %ebx
	jne	1f
	movq	$1, T_ENDED(%r8)
1:	cmpl	$PATH_XAPIC, S_PATH(%rbp)
	je	2f
	mov	$X2APIC_EOI, %ecx
	xor	%eax, %eax
	xor	%edx, %edx
	wrmsr
	jmp	3f
2:	mov	$APIC, %ebx
	movl	$0, APIC_EOI(%rbx)
3:	incq	T_RECEIVED(%r8)		/* the sender may go on */
	pop	%rdx
	pop	%rcx
	pop	%rbx
doubled_end:
	pop	%rax
	iretq
doubled:
	incq	T_DOUBLED(%r8)
	jmp	doubled_end
	.balign 16
timer:	not_twice
	incq	T_TIMERS(%r8)
	jmp	others
	.balign 16
device:	not_twice
	incq	T_DEVICES(%r8)
others:	push	%rcx
	push	%rdx
	cmpl	$PATH_XAPIC, S_PATH(%rbp)
	je	1f
	mov	$X2APIC_EOI, %ecx
	xor	%eax, %eax
	xor	%edx, %edx
	wrmsr
	jmp	2f
1:	mov	$APIC, %ecx
	movl	$0, APIC_EOI(%rcx)
2:	pop	%rdx
	pop	%rcx
	jmp	doubled_end
handler_end:

	.balign 16
stray:
	mov	$DONE_PORT, %dx
	mov	$DONE_STRAY, %al
	out	%al, %dx
	hlt
guest_end:

	.balign 4
guest_size: .long guest_end - guest_start
guest_ipi: .long ipi - guest_start
guest_last: .long last_ipi - guest_start
guest_device: .long device - guest_start
guest_timer: .long timer - guest_start
guest_stray: .long stray - guest_start
	.section .note.GNU-stack, "", @progbits
