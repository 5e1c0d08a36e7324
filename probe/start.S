/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * start.S - where the loader begins, and how a processor gets into a kernel
 *
 * It begins in 32-bit protected mode without paging (a multiboot loader and
 * our boot sector leave it so), or in long mode (EFI), which is left at once.
 * Every processor then takes the same path into the kernel: the first when
 * the loader is done, the others from real mode through the trampoline.
 */

#include "boot.h"

        .set    CODE32, 0x08
        .set    DATA, 0x10
        .set    CODE64, 0x18
        .set    CR0_PE, 1
        .set    CR0_PG, 0x80000000
        .set    CR0_KERNEL, 0x80010033  /* PG, WP, NE, ET, MP, PE */
        .set    MSR_EFER, 0xc0000080
        .set    EFER_LME, 0x100

        .section .text.start, "ax"
        .globl  start32
        .globl  loader_origin
loader_origin:

/* Those who know the flat image alone enter at its first byte, or at its
 * sixteenth in long mode; EAX and EBX are as in boot.h.
 */
        .code32
        jmp     start32
        .balign 16
        .code64
        jmp     start64

        .balign 4
multiboot:
        .long   0x1badb002
        .long   0                       /* flags: nothing is asked for */
        .long   -0x1badb002

/* From long mode: the way out is compatibility mode, then paging off. */
start64:
        cli
        cld
        movl    %eax, %esi
        movl    $gdt_register64, %ecx   /* relocations have 32 bits here */
        lgdt    (%rcx)
        movl    $stack_end, %esp
        pushq   $CODE32
        movl    $leave_long_mode, %ecx
        pushq   %rcx
        lretq

        .code32
leave_long_mode:
        movw    $DATA, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %fs
        movw    %ax, %gs
        movw    %ax, %ss
        movl    %cr0, %eax
        andl    $~CR0_PG, %eax
        movl    %eax, %cr0
        movl    $MSR_EFER, %ecx
        rdmsr
        andl    $~EFER_LME, %eax
        wrmsr
        movl    %esi, %eax
        /* goes on below */

        .globl  start32
start32:
        cli
        cld
        lgdt    gdt_register
        ljmpl   $CODE32, $1f
1:
        movw    $DATA, %cx
        movw    %cx, %ds
        movw    %cx, %es
        movw    %cx, %fs
        movw    %cx, %gs
        movw    %cx, %ss
        movl    $stack_end, %esp
        pushl   %eax
        pushl   %ebx
        movl    $bss_start, %edi
        movl    $bss_end, %ecx
        subl    %edi, %ecx
        xorl    %eax, %eax
        rep stosb
        popl    %ebx
        popl    %eax
        pushl   %ebx
        pushl   %eax
        call    loader_main             /* it fills in what is used below */

/* With paging off and flat segments, into the kernel. */
enter_kernel:
        movl    enter_cr4, %eax
        movl    %eax, %cr4
        movl    enter_cr3, %eax
        movl    %eax, %cr3
        movl    enter_address, %edi
        movl    enter_high, %esi
        testl   %esi, %esi
        jz      1f
        movl    $MSR_EFER, %ecx
        rdmsr
        orl     $EFER_LME, %eax
        wrmsr
1:
        movl    $CR0_KERNEL, %eax
        movl    %eax, %cr0
        testl   %esi, %esi
        jz      2f
        ljmpl   $CODE64, $enter_long_mode
2:
        jmp     *%edi

        .code64
enter_long_mode:
        shlq    $32, %rsi
        orq     %rsi, %rdi
        jmp     *%rdi

/* This is copied to a page below 1 MiB, and runs there in real mode. */
        .code16
        .globl  trampoline
        .globl  trampoline_end
trampoline:
        cli
        movw    %cs, %ax
        movw    %ax, %ds
        lgdtl   (trampoline_gdt - trampoline)
        movl    %cr0, %eax
        orl     $CR0_PE, %eax
        movl    %eax, %cr0
        ljmpl   $CODE32, $other_processor
        .balign 4
trampoline_gdt:
        .word   gdt_end - gdt - 1
        .long   gdt
trampoline_end:

        .code32
other_processor:
        movw    $DATA, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %fs
        movw    %ax, %gs
        movw    %ax, %ss
        jmp     enter_kernel

        .section .data.start, "aw"
        .balign 8
gdt:
        .quad   0
        .quad   0x00cf9b000000ffff      /* CODE32: flat */
        .quad   0x00cf93000000ffff      /* DATA: flat */
        .quad   0x00af9b000000ffff      /* CODE64 */
gdt_end:
        .balign 4
        .word   0
gdt_register:
        .word   gdt_end - gdt - 1
        .long   gdt
        .balign 4
        .word   0
gdt_register64:
        .word   gdt_end - gdt - 1
        .long   gdt, 0

        .balign 4
        .globl  enter_cr3, enter_cr4, enter_address, enter_high
enter_cr3:      .long 0
enter_cr4:      .long 0
enter_address:  .long 0                 /* of the kernel, low half */
enter_high:     .long 0                 /* high half; 0 is a 32-bit kernel */

        .section .rodata.kernels, "a"
        .balign 16
        .globl  kernel32, kernel32_end, kernel64, kernel64_end
kernel32:
        .incbin KERNEL32
kernel32_end:
        .balign 16
kernel64:
        .incbin KERNEL64
kernel64_end:

        .section .bss.stack, "aw", @nobits
        .balign 16
        .skip   0x2000
stack_end:

        .section .note.GNU-stack, "", @progbits
