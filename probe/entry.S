/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * entry.S - where a processor enters the kernel, and where interrupts do
 *
 * Assembled for the 32-bit and for the 64-bit kernel.  The loader jumps to
 * the first byte with paging on, from then on everything is in the high half.
 */

#include "boot.h"

#ifdef __x86_64__
        .code64
#else
        .code32
#endif

/* One processor at a time comes here: kernel.c says who is expected. */
        .section .text.start, "ax"
        .globl  kernel_entry
kernel_entry:
#ifdef __x86_64__
        movq    next_stack(%rip), %rsp
        movl    next_cpu(%rip), %edi
        xorl    %ebp, %ebp
        call    kernel_main
#else
        movl    next_stack, %esp
        xorl    %ebp, %ebp
        subl    $12, %esp
        pushl   next_cpu
        call    kernel_main
#endif
1:
        cli
        hlt
        jmp     1b

/* A stub of 16 bytes for each vector. */
        .text
        .balign 16
        .globl  vector_stubs
vector_stubs:
        .set    vector, 0
        .rept   256
        .balign 16
#ifdef __x86_64__
        pushq   $vector
#else
        pushl   $vector
#endif
        jmp     interrupted
        .set    vector, vector + 1
        .endr

/* Faults do not return, so nobody minds whether there is an error code. */
        .balign 16
interrupted:
        cld
#ifdef __x86_64__
        pushq   %rax
        pushq   %rcx
        pushq   %rdx
        pushq   %rsi
        pushq   %rdi
        pushq   %r8
        pushq   %r9
        pushq   %r10
        pushq   %r11
        pushq   %rbp
        movq    %rsp, %rbp
        movl    80(%rsp), %edi          /* the vector */
        leaq    88(%rsp), %rsi          /* what the processor put there */
        andq    $-16, %rsp
        call    interrupt
        movq    %rbp, %rsp
        popq    %rbp
        popq    %r11
        popq    %r10
        popq    %r9
        popq    %r8
        popq    %rdi
        popq    %rsi
        popq    %rdx
        popq    %rcx
        popq    %rax
        addq    $8, %rsp
        iretq
#else
        pushal
        movl    %esp, %ebp
        movl    32(%esp), %eax          /* the vector */
        leal    36(%esp), %edx          /* what the processor put there */
        andl    $-16, %esp
        subl    $8, %esp
        pushl   %edx
        pushl   %eax
        call    interrupt
        movl    %ebp, %esp
        popal
        addl    $4, %esp
        iretl
#endif

/* load_segments(register): a GDT and its selectors, see cpu.c. */
        .globl  load_segments
load_segments:
#ifdef __x86_64__
        lgdt    (%rdi)
        popq    %rdx
        pushq   $8
        pushq   %rdx
        movw    $16, %ax
#else
        movl    4(%esp), %eax
        lgdtl   (%eax)
        popl    %edx
        pushl   $8
        pushl   %edx
        movw    $16, %ax
#endif
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %fs
        movw    %ax, %gs
        movw    %ax, %ss
        movw    $24, %ax
        ltr     %ax
#ifdef __x86_64__
        lretq
#else
        lretl
#endif

        .section .note.GNU-stack, "", @progbits
