# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A firmware image that writes the CPUID topology leaves of vCPU 0, and the
# APIC id of every other vCPU, as text to QEMU's debug console:
#
#     cpuid LEAF SUBLEAF EAX EBX ECX EDX
#     ap LEAF_1_EBX LEAF_B_EDX LEAF_8000001E_EAX LEAF_8000001E_EBX LEAF_8000001E_ECX
#     end
#
# all in hexadecimal.  It then ends QEMU through isa-debug-exit.  A leaf above
# the limit that the processor states is not asked for: QEMU answers those with
# the highest leaf it has, and 10.0 aborts when that is 0x1f and ECX is large.
# (0x80000000 can be such a leaf, on models as old as 486: so ECX is zero then.)
#
#     as --32 -o rom.o cpuid-rom.S
#     ld -m elf_i386 -Ttext=0xffff0000 -e 0 -o rom.elf rom.o
#     objcopy -O binary -j .text rom.elf rom.bin
#     qemu-system-x86_64 -bios rom.bin -debugcon stdio -device isa-debug-exit

        .set    DEBUGCON, 0xe9          # port of isa-debugcon
        .set    DEBUG_EXIT, 0x501       # port of isa-debug-exit
        .set    FW_CFG, 0x510           # selector; the data port is the next
        .set    FW_CFG_NB_CPUS, 5       # vCPUs present at start
        .set    LAPIC_ICR, 0xfee00300
        .set    IPI_INIT, 0x000c4500    # to all but self
        .set    IPI_START, 0x000c4600   # same; bits 7..0: page to start at

        .set    STACK, 0x1000           # RAM: the stack of vCPU 0, downwards
        .set    CLAIMED, 0x1000         # rows handed out to the other vCPUs
        .set    WRITTEN, 0x1004         # rows complete
        .set    ROWS, 0x2000            # one row of ROW bytes each
        .set    ROW, 32

        .text
        .code16
base:

# The other vCPUs start here, at f000:0000 in the copy below 1 MiB.  Each
# takes a row of its own, so no lock is held while hundreds run at once.
other_cpu:
        cli
        xorw    %ax, %ax
        movw    %ax, %ds
        movl    $1, %edi
        lock xaddl %edi, CLAIMED
        shll    $5, %edi                # * ROW
        addl    $ROWS, %edi

        movl    $1, %eax
        cpuid
        movl    %ebx, (%edi)

        xorl    %eax, %eax
        cpuid
        cmpl    $0xb, %eax
        jb      1f
        movl    $0xb, %eax
        xorl    %ecx, %ecx
        cpuid
        movl    %edx, 4(%edi)
1:
        movl    $0x80000000, %eax
        xorl    %ecx, %ecx
        cpuid
        cmpl    $0x8000001e, %eax
        jb      2f
        movl    $0x8000001e, %eax
        xorl    %ecx, %ecx
        cpuid
        movl    %eax, 8(%edi)
        movl    %ebx, 12(%edi)
        movl    %ecx, 16(%edi)
2:
        lock incl WRITTEN
3:
        hlt
        jmp     3b

# vCPU 0, after the jump from the reset vector.
first_cpu:
        cli
        lgdtl   %cs:(gdt_register - base)
        movl    %cr0, %eax
        orl     $1, %eax
        movl    %eax, %cr0
        ljmpl   $8, $protected

        .code32
protected:
        movw    $16, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movl    $STACK, %esp
        movl    $0, CLAIMED
        movl    $0, WRITTEN
        call    print_own_leaves
        call    start_others
        call    print_others
        movl    $text_end, %esi
        call    print_text
        movw    $DEBUG_EXIT, %dx
        xorl    %eax, %eax
        outl    %eax, %dx               # QEMU exits with status 1
1:
        hlt
        jmp     1b

# Every leaf of the table below that the processor has, on vCPU 0.
print_own_leaves:
        movl    $leaves, %ebp
1:
        movl    (%ebp), %eax            # leaf 0 or 0x80000000: ...
        andl    $0x80000000, %eax
        xorl    %ecx, %ecx
        cpuid                           # ... the limit of its half
        cmpl    (%ebp), %eax
        jb      2f
        call    print_leaf
2:
        addl    $8, %ebp
        cmpl    $leaves_end, %ebp
        jb      1b
        ret

# The subleaves of the table row at ebp, until one says that no more follow.
print_leaf:
        xorl    %edi, %edi              # subleaf
1:
        movl    (%ebp), %eax
        movl    %edi, %ecx
        cpuid
        pushl   %ecx
        pushl   %eax
        pushl   %edx
        pushl   %ecx
        pushl   %ebx
        pushl   %eax
        pushl   %edi
        pushl   (%ebp)
        movl    $text_cpuid, %esi
        call    print_text
        movl    $6, %ecx
2:
        popl    %eax
        call    print_hex
        decl    %ecx
        jnz     2b
        call    print_newline
        popl    %eax
        popl    %ecx
        cmpb    $'4', 4(%ebp)           # like leaf 4: EAX[4:0] is 0 at the end
        jne     3f
        testb   $0x1f, %al
        jnz     5f
        ret
3:
        cmpb    $'b', 4(%ebp)           # like leaf 0xb: ECX[15:8] is 0 at the end
        jne     4f
        testb   %ch, %ch
        jnz     5f
4:
        ret
5:
        incl    %edi
        cmpl    $8, %edi
        jb      1b
        ret

# Send INIT and two start-ups, with the page of other_cpu.
start_others:
        movl    $IPI_INIT, LAPIC_ICR
        call    wait_a_little
        movl    $IPI_START + 0xf0, LAPIC_ICR
        call    wait_a_little
        movl    $IPI_START + 0xf0, LAPIC_ICR
        ret

wait_a_little:
        movl    $10000, %ecx
1:
        pause
        decl    %ecx
        jnz     1b
        ret

# Wait until every other vCPU has written its row, then print the rows.
print_others:
        movw    $FW_CFG, %dx
        movw    $FW_CFG_NB_CPUS, %ax
        outw    %ax, %dx
        incl    %edx
        xorl    %eax, %eax
        inb     %dx, %al
        movb    %al, %bl
        inb     %dx, %al
        movb    %al, %bh
        movzwl  %bx, %ebx
        decl    %ebx                    # the others
1:
        pause
        cmpl    %ebx, WRITTEN
        jb      1b

        movl    $ROWS, %ebp
2:
        testl   %ebx, %ebx
        jz      4f
        movl    $text_ap, %esi
        call    print_text
        xorl    %edi, %edi
3:
        movl    (%ebp, %edi, 4), %eax
        call    print_hex
        incl    %edi
        cmpl    $5, %edi
        jb      3b
        call    print_newline
        addl    $ROW, %ebp
        decl    %ebx
        jmp     2b
4:
        ret

# The zero-terminated text at esi.
print_text:
        movw    $DEBUGCON, %dx
1:
        lodsb
        testb   %al, %al
        jz      2f
        outb    %al, %dx
        jmp     1b
2:
        ret

# A blank and eax, in eight digits; keeps all but eax and edx.
print_hex:
        pushl   %ebx
        pushl   %ecx
        movl    %eax, %ebx
        movl    $8, %ecx
        movw    $DEBUGCON, %dx
        movb    $' ', %al
        outb    %al, %dx
1:
        roll    $4, %ebx
        movl    %ebx, %eax
        andl    $15, %eax
        movb    digits(%eax), %al
        outb    %al, %dx
        decl    %ecx
        jnz     1b
        popl    %ecx
        popl    %ebx
        ret

print_newline:
        movw    $DEBUGCON, %dx
        movb    $'\n', %al
        outb    %al, %dx
        ret

digits:         .ascii  "0123456789abcdef"
text_cpuid:     .asciz  "cpuid"
text_ap:        .asciz  "ap"
text_end:       .asciz  "end\n"

# Leaf, and the rule that ends its subleaves.
        .balign 4
leaves:
        .long   0x00000000, 0
        .long   0x00000001, 0
        .long   0x00000004, '4'
        .long   0x0000000b, 'b'
        .long   0x0000001f, 'b'
        .long   0x80000000, 0
        .long   0x80000001, 0
        .long   0x80000008, 0
        .long   0x8000001d, '4'
        .long   0x8000001e, 0
leaves_end:

        .balign 8
gdt:
        .quad   0
        .quad   0x00cf9b000000ffff      # 8: flat code
        .quad   0x00cf93000000ffff      # 16: flat data
gdt_register:
        .word   . - gdt - 1
        .long   gdt

        .org    0xfff0, 0xf4            # the reset vector
        .code16
        jmp     first_cpu
        .org    0x10000, 0xf4
