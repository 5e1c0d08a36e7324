/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * look-builder.h - make looks at a running VM, and records of them
 *
 * A letter stands for what one sample shows of one vCPU.
 */

#ifndef VT_LOOK_BUILDER_H
#define VT_LOOK_BUILDER_H

#include <string.h>

#include "base/buf.h"
#include "unit.h"
#include "verdict/verdict.h"

/* A letter a look; %x is the number of the sample, so that a vCPU moves. */
static const struct { char letter; const char *text; } looks[] = {
    { 'i', "RAX=%x RSP=1\nRIP=ffffffff84617a0b RFL=00000246 [---Z-P-] CPL=0 "
      "II=0 A20=1 SMM=0 HLT=1\nCS =0010 0000000000000000 ffffffff 00af9b00 "
      "DPL=0 CS64 [-RA]\nTR =0040 fffffe0000003000 00004087 00008b00\n"
      "GDT=     fffffe0000001000 0000007f\nIDT=     fffffe0000000000 00000fff"
      "\nCR0=80050033 CR2=0 CR3=1 CR4=00751eb0\nEFER=0000000000000d01\n" },
    /* busy in the kernel, interrupts off */
    { 'k', "RAX=%x RSP=%x\nRIP=ffffffff8%x00000 RFL=00000046 CPL=0 SMM=0 "
      "HLT=0\nCS =0010 0000000000000000\nTR =0040 fffffe0000003000\n"
      "GDT=     fffffe0000001000\nCR0=80050033 CR3=1\nEFER=0000000000000d01\n"
    },
    { 'u', "RAX=%x\nRIP=00005555000%x000 RFL=00000246 CPL=3 SMM=0 HLT=0\n"
      "CS =0033 0000000000000000\nTR =0040 fffffe0000003000\n"
      "GDT=     fffffe0000001000\nCR0=80050033\nEFER=0000000000000d01\n" },
    /* a 32-bit program of a 64-bit system */
    { 'c', "EAX=%x\nEIP=0804%x000 EFL=00000246 CPL=3 SMM=0 HLT=0\n"
      "CS =0023 00000000 ffffffff 00cffb00 DPL=3 CS32 [-RA]\n"
      "TR =0040 fffffe0000003000\nGDT=     fffffe0000001000\nCR0=80050033\n"
      "EFER=0000000000000d01\n" },
    /* put away: halted with interrupts off */
    { 'p', "RAX=1\nRIP=fffff80000000100 RFL=00000006 CPL=0 SMM=0 HLT=1\n"
      "CS =0010 0000000000000000\nTR =0040 fffff80000003000\n"
      "GDT=     fffff80000001000\nCR0=80050033\nEFER=0000000000000d01\n" },
    /* the same on 32-bit NT */
    { 'q', "EAX=1\nEIP=806ee1c4 EFL=00000046 CPL=0 SMM=0 HLT=1\n"
      "CS =0008 00000000 ffffffff\nTR =0028 f772d000\nGDT=     f7728000\n"
      "CR0=8001003b\nEFER=0000000000000000\n" },
    /* and waiting by MWAIT */
    { 'w', "RAX=%x\nRIP=ffffffffb4462c95 RFL=00000002 CPL=0 SMM=0 HLT=0\n"
      "CS =0010 0000000000000000\nTR =0040 fffffe0000003000\n"
      "GDT=     fffffe0000001000\nCR0=80050033\nEFER=0000000000000d01\n" },
    /* SeaBIOS, OVMF, OVMF 2025, the reset vector */
    { 'f', "EAX=1\nEIP=000fd09a EFL=00000002 CPL=0 SMM=0 HLT=1\n"
      "CS =0008 00000000 ffffffff\nTR =0000 00000000\nGDT=     000f6180\n"
      "CR0=00000011\nEFER=0000000000000000\n" },
    { 'o', "RAX=1\nRIP=000000001f76b034 RFL=00000046 CPL=0 SMM=0 HLT=1\n"
      "CS =0038 0000000000000000\nTR =0000 0000000000000000\n"
      "GDT=     000000001f5db000\nCR0=80010033\nEFER=0000000000000d00\n" },
    /* firmware that moves about */
    { 'm', "RAX=%x\nRIP=000000001%x76b034 RFL=00000046 CPL=0 SMM=0 HLT=0\n"
      "CS =0038 0000000000000000\nTR =0000 0000000000000000\n"
      "GDT=     000000001f5db000\nCR0=80010033\nEFER=0000000000000d00\n" },
    { 'r', "EAX=0\nEIP=0000fff0 EFL=00000002 CPL=0 SMM=0 HLT=1\n"
      "CS =f000 ffff0000\nTR =0000 00000000\nGDT=     00000000\n"
      "CR0=60000010\nEFER=0000000000000000\n" },
    { 's', "EAX=%x\nEIP=7fed1234 EFL=00000046 CPL=0 SMM=1 HLT=0\n"
      "CS =0038 00000000\nTR =0050 7fed0000\nGDT=     7fed0000\n"
      "CR0=80010033\nEFER=0000000000000d00\n" },
    /* a task register, low in memory: guarded stacks, a boot loader */
    { 't', "RAX=1\nRIP=000000001f76b034 RFL=00000246 CPL=0 SMM=0 HLT=1\n"
      "CS =0038 0000000000000000\nTR =0050 000000001f000000\n"
      "GDT=     000000001f5db000\nCR0=80010033\nEFER=0000000000000d00\n" },
    /* user mode of a system that keeps low */
    { 'l', "EAX=%x\nEIP=00400%x00 EFL=00000246 CPL=3 SMM=0 HLT=0\n"
      "CS =0033 00000000\nTR =0050 1f000000\nGDT=     1f5db000\n"
      "CR0=80010033\nEFER=0000000000000000\n" },
    { 'v', "RAX=%x\nRIP=fffff80000000100 RFL=00000246 CPL=0 SMM=0 HLT=1\n"
      "CS =0010 0000000000000000\nTR =0040 fffff80000003000\n"
      "GDT=     fffff80000001000\nCR0=80050033 CR4=00002668\n"
      "EFER=0000000000000d01\n" },
    { 'a', "RAX=%x\nRIP=fffff80000000100 RFL=00000246 CPL=0 SMM=0 HLT=1\n"
      "CS =0010 0000000000000000\nTR =0040 fffff80000003000\n"
      "GDT=     fffff80000001000\nCR0=80050033 CR4=00000668\n"
      "EFER=0000000000001d01\n" },
    { 'x', "RAX=%x\nRIP=ffff82d040203100 RFL=00000246 CPL=0 SMM=0 HLT=1\n"
      "CS =e008 0000000000000000\nTR =e040 ffff82d0405dca00\n"
      "GDT=     ffff82d0405dc000\nCR0=80050033\nEFER=0000000000000d01\n" },
    /* a guest of the guest, at its reset vector */
    { 'y', "EAX=0\nEIP=0000fff0 EFL=00000002 CPL=0 SMM=0 HLT=0\n"
      "CS =f000 ffff0000\nTR =0000 00000000\nGDT=     00000000\n"
      "CR0=60000030 CR4=00002000\nEFER=0000000000000000\n" },
    { 'z', "RAX=0\nRIP=0000000000000000 RFL=00000000 CPL=0 SMM=0 HLT=0\n"
      "CS =0000 0000000000000000\nTR =0000 0000000000000000\n"
      "GDT=     0000000000000000\nCR0=00000000\nEFER=0000000000000000\n" },
    /* cut off */
    { '_', "RAX=0\nRIP=ffffffff84617a0b RFL=00000246 CPL=0\n" },
};

static inline const char *
look_text(char letter)
{
    for (size_t i = 0; i < VT_COUNT(looks); i++) {
        if (looks[i].letter == letter)
            return looks[i].text;
    }
    fail_msg("no look is called '%c'", letter);
    return "";
}

/* "info registers -a", in which %x stands for @number. */
static inline void
add_registers(struct vt_buf *out, const char *letters, unsigned number)
{
    for (unsigned cpu = 0; letters[cpu] != '\0'; cpu++) {
        const char *text = look_text(letters[cpu]);

        vt_buf_printf(out, "\\nCPU#%u\\n", cpu);
        for (; *text != '\0'; text++) {
            if (text[0] == '%' && text[1] == 'x') {
                vt_buf_printf(out, "%x", number);
                text++;
            } else if (*text == '\n') {
                vt_buf_add_string(out, "\\n");
            } else {
                vt_buf_add_char(out, *text);
            }
        }
    }
}

/* A sample at @at seconds; @more are members more. */
static inline void
add_sample(struct vt_buf *out, const char *letters, unsigned at,
           const char *more)
{
    size_t vcpus = strlen(letters);

    vt_buf_printf(out, "{\"at_s\":%u,\"query-cpus-fast\":[", at);
    for (size_t cpu = 0; cpu < vcpus; cpu++)
        vt_buf_printf(out, "%s{\"cpu-index\":%zu,\"thread-id\":%zu,"
                      "\"qom-path\":\"/cpu%zu\"}", cpu > 0 ? "," : "",
                      cpu, 100 + cpu, cpu);
    vt_buf_add_string(out, "],\"info registers -a\":\"");
    add_registers(out, letters, at + 1);
    vt_buf_printf(out, "\"%s%s}", more[0] != '\0' ? "," : "", more);
}

/* Members more. */
#define LAPIC(spiv) "\"info lapic\":{\"1\":\"SPIV\\t " spiv " APIC\"}"
#define TIMES(zero, one) "\"thread_s\":{\"0\":" zero ",\"1\":" one "}"
#define STATS(cpu, exits, halts)                                            \
    "\"query-stats\":[{\"provider\":\"kvm\",\"qom-path\":\"/cpu" cpu "\","   \
    "\"stats\":[{\"name\":\"exits\",\"value\":" exits "},{\"name\":"         \
    "\"halt_exits\",\"value\":" halts "},{\"name\":\"h\",\"value\":[1]}]}]"

/* A record of @samples, 2 s apart, with the members @more; up to NULL. */
static inline void
add_record(struct vt_buf *out, const char *const samples[4],
           const char *const more[4])
{
    vt_buf_add_string(out, "{\"accel\":\"tcg\",\"status\":\"running\","
                      "\"new\":[{}],\"samples\":[");
    for (unsigned i = 0; i < 4 && samples[i] != NULL; i++) {
        vt_buf_add_string(out, i > 0 ? "," : "");
        add_sample(out, samples[i], 2 * i, more[i] != NULL ? more[i] : "");
    }
    vt_buf_add_string(out, "]}");
}

static inline void
judge_looks(const char *const samples[4], const char *const more[4],
            struct vt_verdict *ret_verdict)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;
    vt_autorecord struct vt_record *record = NULL;

    add_record(&text, samples, more);
    (void)vt_buf_string(&text);
    UNIT_RESULT(vt_record_read(text.data, text.length, &record, &err), &err,
                NULL);
    UNIT_RESULT(vt_judge(record, ret_verdict, &err), &err, NULL);
}

#endif /* VT_LOOK_BUILDER_H */
