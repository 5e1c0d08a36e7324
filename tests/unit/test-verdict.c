/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-verdict.c - from looks at a running VM to which vCPUs are used
 *
 * The files of tests/records/ were taken from real VMs (but for those that
 * are called made-up); what the guest of each did with its vCPUs is known,
 * because we told it to.  The rest is put
 * together here, a letter for each look at a vCPU.
 */

#include <stdio.h>

#include "base/buf.h"
#include "unit.h"
#include "verdict/verdict.h"

/* ------------------------------------------------------------ recorded VMs */

struct recorded {
    const char *file;
    const char *states;         /* u used, p parked, n never started, ? */
    const char *owners;         /* g guest, f firmware, - none, ? */
    enum vt_outcome outcome;
    const char *reason;
};

#define NO_SYSTEM_YET "firmware or a boot loader runs, no system yet"
#define NO_PAGING \
    "firmware or a boot loader runs (paging is off), no system yet"
#define TWO_OF_FOUR "the system uses 2 of 4 vCPUs; 2 never started"
#define THREE_OF_FOUR "the system uses 3 of 4 vCPUs; 1 parked"
#define ALL_FOUR "the system uses all 4 vCPUs"

static const struct recorded recorded[] = {
    { "stopped", "????", "????", VT_OUTCOME_UNKNOWN,
      "the VM has not been started" },
    { "seabios", "????", "ffff", VT_OUTCOME_UNKNOWN, NO_PAGING },
    { "seabios-i386", "????", "ffff", VT_OUTCOME_UNKNOWN, NO_PAGING },
    { "ovmf", "????", "ffff", VT_OUTCOME_UNKNOWN, NO_SYSTEM_YET },
    { "linux", "uuuu", "gggg", VT_ALL_USED, ALL_FOUR },
    { "linux-busy", "uuuu", "gggg", VT_ALL_USED, ALL_FOUR },
    { "linux-poll", "uuuu", "gggg", VT_ALL_USED, ALL_FOUR },
    { "linux-maxcpus", "uunn", "ggff", VT_WASTED, TWO_OF_FOUR },
    { "linux-nr-cpus", "unnn", "gfff", VT_WASTED,
      "the system uses 1 of 4 vCPUs; 3 never started" },
    { "linux-offline", "upuu", "gggg", VT_WASTED, THREE_OF_FOUR },
    { "linux-offline-mwait", "upuu", "gggg", VT_WASTED, THREE_OF_FOUR },
    { "linux-hot-added", "uunn", "gg--", VT_WASTED, TWO_OF_FOUR },
    { "linux-kvm-inside", "???n", "hhhf", VT_WASTED,
      "0 of 4 vCPUs are seen in use; 1 never started; 3 not known" },
    { "made-up-kvm", "uunn", "gg--", VT_WASTED, TWO_OF_FOUR },
    { "linux-32", "uuuu", "gggg", VT_ALL_USED, ALL_FOUR },
    { "linux-pae-maxcpus", "uunn", "ggff", VT_WASTED, TWO_OF_FOUR },
    { "linux-pae-offline", "upuu", "gggg", VT_WASTED, THREE_OF_FOUR },
    { "linux-ovmf-halted", "uunn", "ggff", VT_WASTED, TWO_OF_FOUR },
    { "linux-ovmf-maxcpus", "uunn", "ggff", VT_WASTED, TWO_OF_FOUR },
    { "linux-ovmf-smm", "uunn", "ggff", VT_WASTED, TWO_OF_FOUR },
};

static char
state_letter(enum vt_state state)
{
    return state == VT_STATE_UNKNOWN ? '?' : *vt_state_name(state);
}

static char
owner_letter(enum vt_owner owner)
{
    return owner == VT_OWNER_UNKNOWN ? '?'
        : owner == VT_OWNER_NONE ? '-' : *vt_owner_name(owner);
}

static void
check_letters(const struct vt_verdict *verdict, const char *states,
              const char *owners)
{
    char seen_states[VTOPO_CPUS_MAX + 1] = "";
    char seen_owners[VTOPO_CPUS_MAX + 1] = "";

    for (unsigned i = 0; i < verdict->count; i++) {
        seen_states[i] = state_letter(verdict->vcpus[i].state);
        seen_owners[i] = owner_letter(verdict->vcpus[i].owner);
    }
    assert_string_equal(seen_states, states);
    if (owners != NULL)
        assert_string_equal(seen_owners, owners);
}

static char *
read_record(const char *name, size_t *ret_length)
{
    char path[512];
    char *text = malloc(1 << 20);
    vt_autofile FILE *file = NULL;

    (void)snprintf(path, sizeof(path), VTOPO_TESTS "/records/%s.json", name);
    file = fopen(path, "rb");
    assert_non_null(file);
    assert_non_null(text);
    *ret_length = fread(text, 1, (1 << 20) - 1, file);
    text[*ret_length] = '\0';
    return text;
}

static void
recorded_vms_are_judged_as_they_were_made(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(recorded); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_auto(vt_verdict_clear) struct vt_verdict verdict = VT_VERDICT_INIT;
        vt_autorecord struct vt_record *record = NULL;
        size_t length = 0;
        vt_autofree char *text = read_record(recorded[i].file, &length);

        UNIT_ROW(i, recorded[i].file);
        UNIT_RESULT(vt_record_read(text, length, &record, &err), &err, NULL);
        UNIT_RESULT(vt_judge(record, NULL, &verdict, &err), &err, NULL);
        check_letters(&verdict, recorded[i].states, recorded[i].owners);
        assert_string_equal(verdict.reason, recorded[i].reason);
        assert_int_equal(verdict.outcome, recorded[i].outcome);
        assert_int_equal(verdict.settled,
                         recorded[i].outcome != VT_OUTCOME_UNKNOWN
                         && strcmp(recorded[i].file, "linux-poll") != 0);
        assert_int_equal(vt_verdict_settled(record, NULL), verdict.settled);
    }
}

/* ------------------------------------------------------------ made-up looks */

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

static const char *
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
static void
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
static void
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

struct row {
    const char *says;
    const char *samples[4];     /* 2 s apart, up to NULL */
    const char *more[4];        /* members more; NULL for none */
    const char *states;
    const char *owners;         /* NULL: this row does not say */
    enum vt_outcome outcome;
    const char *reason;         /* NULL: the same */
};

#define LAPIC(spiv) "\"info lapic\":{\"1\":\"SPIV\\t " spiv " APIC\"}"
#define TIMES(zero, one) "\"thread_s\":{\"0\":" zero ",\"1\":" one "}"
#define STATS(cpu, exits, halts)                                            \
    "\"query-stats\":[{\"provider\":\"kvm\",\"qom-path\":\"/cpu" cpu "\","   \
    "\"stats\":[{\"name\":\"exits\",\"value\":" exits "},{\"name\":"         \
    "\"halt_exits\",\"value\":" halts "},{\"name\":\"h\",\"value\":[1]}]}]"

static const struct row rows[] = {
    { "idle is used", { "ii", "ii" }, { NULL }, "uu", "gg", VT_ALL_USED,
      "the system uses all 2 vCPUs" },
    { "busy is used", { "uk", "ku" }, { NULL }, "uu", "gg", VT_ALL_USED,
      NULL },
    { "a 32-bit program of a 64-bit system", { "ci", "ic" }, { NULL }, "uu",
      "gg", VT_ALL_USED, NULL },
    { "one vCPU", { "i", "i" }, { NULL }, "u", "g", VT_ALL_USED,
      "the system uses the one vCPU there is" },
    { "SeaBIOS keeps it", { "if", "if" }, { NULL }, "un", "gf", VT_WASTED,
      "the system uses 1 of 2 vCPUs; 1 never started" },
    { "OVMF keeps it, in long mode", { "io", "uo" }, { NULL }, "un", "gf",
      VT_WASTED, NULL },
    { "nothing ever ran", { "ir", "ir" }, { NULL }, "un", "g-", VT_WASTED,
      NULL },
    { "an SMI wakes what firmware keeps", { "io", "is", "im" }, { NULL },
      "un", "gf", VT_WASTED, NULL },
    { "only ever in SMM", { "is", "is" }, { NULL }, "u?", NULL,
      VT_OUTCOME_UNKNOWN, "1 of 2 vCPUs could not be judged" },
    { "CPU 0 is in SMM for a moment", { "if", "sf", "if" }, { NULL }, "un",
      NULL, VT_WASTED, NULL },
    { "put away", { "ip", "ip" }, { NULL }, "up", "gg", VT_WASTED,
      "the system uses 1 of 2 vCPUs; 1 parked" },
    { "put away by 32-bit NT", { "iq", "iq" }, { NULL }, "up", "gg",
      VT_WASTED, NULL },
    { "all three fates", { "iqf", "iqf" }, { NULL }, "upn", "ggf", VT_WASTED,
      "the system uses 1 of 3 vCPUs; 1 never started; 1 parked" },
    { "halted with interrupts off, seen once", { "ip" }, { NULL }, "u?",
      "gg", VT_OUTCOME_UNKNOWN, "1 of 2 vCPUs could not be judged" },
    { "just now halted with interrupts off", { "ik", "ip" }, { NULL }, "u?",
      NULL, VT_OUTCOME_UNKNOWN, NULL },
    { "waits by MWAIT, local APIC off", { "iw", "iw" },
      { LAPIC("0x000000ff"), LAPIC("0x000000ff") }, "up", "gg", VT_WASTED,
      NULL },
    { "idle by MWAIT with interrupts off, local APIC on", { "iw", "iw" },
      { LAPIC("0x000001ff"), LAPIC("0x000001ff") }, "uu", "gg", VT_ALL_USED,
      NULL },
    { "waits by MWAIT, local APIC not asked", { "iw", "iw" }, { NULL }, "u?",
      "gg", VT_OUTCOME_UNKNOWN, NULL },
    { "waits by MWAIT and its thread is busy, as under TCG", { "iw", "iw" },
      { LAPIC("0x000000ff") "," TIMES("1.0", "1.0"),
        LAPIC("0x000000ff") "," TIMES("1.0", "3.0") }, "up", NULL, VT_WASTED,
      NULL },
    { "halted for good, and busy", { "ip", "ip" },
      { TIMES("1", "1"), TIMES("1", "3") }, "u?", "gg", VT_OUTCOME_UNKNOWN,
      "signals disagree on 1 of 2 vCPUs" },
    { "never started, and its thread is still", { "if", "if" },
      { TIMES("1", "0.1"), TIMES("1.1", "1.01e-1") }, "un", NULL, VT_WASTED,
      NULL },
    { "at the reset vector, and busy", { "ir", "ir" },
      { TIMES("1", "1"), TIMES("1", "2.5") }, "u?", NULL, VT_OUTCOME_UNKNOWN,
      "signals disagree on 1 of 2 vCPUs" },
    { "firmware waits in a loop", { "io", "io" },
      { TIMES("1", "1"), TIMES("1", "3") }, "un", NULL, VT_WASTED, NULL },
    { "firmware does something", { "im", "im" },
      { TIMES("1", "1"), TIMES("1", "3") }, "u?", NULL, VT_OUTCOME_UNKNOWN,
      NULL },
    { "KVM: never run, a proof", { "ir", "ir" },
      { STATS("1", "0", "0"), STATS("1", "0", "0") }, "un", NULL, VT_WASTED,
      NULL },
    { "KVM: at the reset vector, and it exits", { "ir", "ir" },
      { STATS("1", "10", "1"), STATS("1", "900", "1") }, "u?", NULL,
      VT_OUTCOME_UNKNOWN, NULL },
    { "KVM: the system's, and never run", { "ii", "ii" },
      { STATS("1", "0", "0"), STATS("1", "0", "0") }, "u?", NULL,
      VT_OUTCOME_UNKNOWN, NULL },
    { "VMX", { "iv", "iv" }, { NULL }, "??", "hh", VT_OUTCOME_UNKNOWN,
      "a hypervisor runs inside the guest, and what it does with its vCPUs "
      "cannot be seen" },
    { "SVM", { "ai", "ia" }, { NULL }, "??", "hh", VT_OUTCOME_UNKNOWN,
      NULL },
    { "Xen", { "xi", "ix" }, { NULL }, "??", "hh", VT_OUTCOME_UNKNOWN,
      NULL },
    { "a hypervisor does not start what nothing ran on", { "vvf", "vvf" },
      { NULL }, "??n", "hhf", VT_WASTED,
      "0 of 3 vCPUs are seen in use; 1 never started; 2 not known" },
    { "a guest of the guest at its reset vector", { "vy", "vy" }, { NULL },
      "??", "hh", VT_OUTCOME_UNKNOWN, NULL },
    { "firmware alone", { "ff", "ff" }, { NULL }, "??", "ff",
      VT_OUTCOME_UNKNOWN,
      "firmware or a boot loader runs (paging is off), no system yet" },
    { "firmware with paging alone", { "oo", "oo" }, { NULL }, "??", "ff",
      VT_OUTCOME_UNKNOWN, "firmware or a boot loader runs, no system yet" },
    { "all at the reset vector", { "rr", "rr" }, { NULL }, "??", "??",
      VT_OUTCOME_UNKNOWN, "the first vCPU stands at its reset vector" },
    { "a task register alone is no system", { "tt", "tt" }, { NULL }, "??",
      NULL, VT_OUTCOME_UNKNOWN,
      "a boot loader runs, or a system that keeps to low addresses" },
    { "firmware with a task register under a system", { "it", "it" },
      { NULL }, "u?", NULL, VT_OUTCOME_UNKNOWN, NULL },
    { "a system that keeps low shows itself by user mode", { "lt", "tt" },
      { NULL }, "uu", "gg", VT_ALL_USED, NULL },
    { "no registers", { "i_", "i_" }, { NULL }, "u?", NULL,
      VT_OUTCOME_UNKNOWN, NULL },
    { "not those of CPU 0", { "_i", "_i" }, { NULL }, "??", NULL,
      VT_OUTCOME_UNKNOWN, "the registers of the first vCPU were not given" },
    { "registers that cannot be", { "iz", "iz" }, { NULL }, "u?", NULL,
      VT_OUTCOME_UNKNOWN, NULL },
    { "encrypted state", { "ii", "ii" },
      { "\"query-sev\":{\"enabled\":true,\"policy\":5}" }, "??", NULL,
      VT_OUTCOME_UNKNOWN, "the guest's registers are encrypted" },
    { "encrypted memory alone", { "ii", "ii" },
      { "\"query-sev\":{\"enabled\":true,\"policy\":1}" }, "uu", NULL,
      VT_ALL_USED, NULL },
    { "paused", { "ii", "ii" },
      { NULL, "\"query-status\":{\"status\":\"paused\"}" }, "??", NULL,
      VT_OUTCOME_UNKNOWN, "the VM is paused" },
    { "paused for a moment: that look does not count", { "if", "zz", "if" },
      { NULL, "\"query-status\":{\"status\":\"paused\"}",
        "\"query-status\":{\"status\":\"running\"}" }, "un", "gf",
      VT_WASTED, NULL },
    { "a status nobody knows", { "ii", "ii" },
      { NULL, "\"query-status\":{\"status\":\"dreaming\"}" }, "??", NULL,
      VT_OUTCOME_UNKNOWN, "the VM is not running" },
    { "starting up: firmware still has them", { "kff", "kff" }, { NULL },
      "unn", NULL, VT_OUTCOME_UNKNOWN,
      "the system may still be starting: so far it has taken 1 of 3 vCPUs" },
    { "starting up: one more just came", { "if", "ii", "iif" }, { NULL },
      "uun", NULL, VT_OUTCOME_UNKNOWN, NULL },
    { "one look, idle: may be starting up", { "if" }, { NULL }, "un", NULL,
      VT_OUTCOME_UNKNOWN, NULL },
    { "one look at user mode", { "uf" }, { NULL }, "un", NULL, VT_WASTED,
      NULL },
    { "one look, all used", { "ii" }, { NULL }, "uu", NULL, VT_ALL_USED,
      NULL },
    { "busy, but looked at for a while", { "kk", "kk" }, { NULL }, "uu",
      NULL, VT_ALL_USED, NULL },
    { "a reset: what came before does not count", { "ii", "ff", "if" },
      { NULL }, "un", NULL, VT_OUTCOME_UNKNOWN, NULL },
    { "a reset, and up again", { "ff", "ii", "ii" }, { NULL }, "uu", NULL,
      VT_ALL_USED, NULL },
    { "the system ran there, and now firmware does", { "ii", "if", "if" },
      { NULL }, "u?", NULL, VT_OUTCOME_UNKNOWN, NULL },
    { "no looks at all", { NULL }, { NULL }, "", NULL, VT_OUTCOME_UNKNOWN,
      "nothing was asked of the vCPUs" },
};

static void
make_record(struct vt_buf *out, const struct row *row)
{
    vt_buf_add_string(out, "{\"accel\":\"tcg\",\"status\":\"running\","
                      "\"new\":[{}],\"samples\":[");
    for (unsigned i = 0; i < VT_COUNT(row->samples); i++) {
        if (row->samples[i] == NULL)
            break;
        vt_buf_add_string(out, i > 0 ? "," : "");
        add_sample(out, row->samples[i], 2 * i,
                   row->more[i] != NULL ? row->more[i] : "");
    }
    vt_buf_add_string(out, "]}");
}

static void
looks_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_auto(vt_verdict_clear) struct vt_verdict verdict = VT_VERDICT_INIT;
        vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;
        vt_autorecord struct vt_record *record = NULL;

        UNIT_ROW(i, rows[i].says);
        make_record(&text, &rows[i]);
        (void)vt_buf_string(&text);
        UNIT_RESULT(vt_record_read(text.data, text.length, &record, &err),
                    &err, NULL);
        UNIT_RESULT(vt_judge(record, NULL, &verdict, &err), &err, NULL);
        check_letters(&verdict, rows[i].states, rows[i].owners);
        if (rows[i].reason != NULL)
            assert_string_equal(verdict.reason, rows[i].reason);
        assert_int_equal(verdict.outcome, rows[i].outcome);
    }
}

/* ------------------------------------------------------------------ settled */

/* The looks of one guest that starts up, one after the other. */
static void
starting_up_settles_at_last(void **state)
{
    static const struct { const char *look; bool settled; } course[] = {
        { "rrr", false }, { "ffr", false }, { "fff", false },
        { "kff", false }, { "kff", false }, { "kff", false },
        { "iif", false }, { "iii", false }, { "kki", true }, { "uii", true },
        { "fff", false }, { "kff", false }, { "kii", false },
        { "uii", true },
    };
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autorecord struct vt_record *record = NULL;

    (void)state;
    UNIT_RESULT(vt_record_new("tcg", "running", &record, &err), &err, NULL);
    for (unsigned i = 0; i < VT_COUNT(course); i++) {
        vt_auto(vt_verdict_clear) struct vt_verdict verdict = VT_VERDICT_INIT;
        vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;

        UNIT_ROW(i, course[i].look);
        add_sample(&text, course[i].look, 2 * i, "");
        (void)vt_buf_string(&text);
        UNIT_RESULT(vt_record_add_sample(record, text.data, text.length,
                                         &err), &err, NULL);
        assert_int_equal(vt_verdict_settled(record, NULL),
                         course[i].settled);
        UNIT_RESULT(vt_judge(record, NULL, &verdict, &err), &err, NULL);
        assert_int_not_equal(verdict.outcome, VT_WASTED);
    }
}

/* A kernel that polls is never seen idle: then a long time must do. */
static void
patience_ends(void **state)
{
    static const struct vt_patience patience = { 3000, 10000 };
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autorecord struct vt_record *record = NULL;

    (void)state;
    UNIT_RESULT(vt_record_new("tcg", "running", &record, &err), &err, NULL);
    for (unsigned i = 0; i < 8; i++) {
        vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;

        add_sample(&text, "kf", 2 * i, "");
        (void)vt_buf_string(&text);
        UNIT_RESULT(vt_record_add_sample(record, text.data, text.length,
                                         &err), &err, NULL);
        assert_int_equal(vt_verdict_settled(record, &patience), i >= 5);
    }
    vt_record_set_status(record, "guest-panicked");
    assert_false(vt_verdict_settled(record, &patience));
}

static void
a_full_record_keeps_both_ends(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autorecord struct vt_record *record = NULL;

    (void)state;
    UNIT_RESULT(vt_record_new("kvm", "running", &record, &err), &err, NULL);
    assert_int_equal(record->accel, VTOPO_KVM);
    for (unsigned i = 0; i < VT_RECORD_SAMPLES_MAX + 10; i++) {
        char text[] = "{\"at_s\":1000.25}";

        (void)snprintf(text, sizeof(text), "{\"at_s\":%u.5}", i);
        UNIT_RESULT(vt_record_add_sample(record, text, strlen(text), &err),
                    &err, NULL);
    }
    assert_int_equal(record->count, VT_RECORD_SAMPLES_MAX);
    assert_int_equal(record->samples[0].at_us, 500000);
    assert_int_equal(record->samples[1].at_us, 11500000);
    assert_int_equal(record->samples[record->count - 1].at_us,
                     (VT_RECORD_SAMPLES_MAX + 9) * 1000000ull + 500000);
}

/* ------------------------------------------------------------------ refused */

#define START "{\"accel\":\"tcg\",\"status\":\"running\",\"samples\":["
#define CANNOT "the record cannot be used: "

static void
records_that_are_refused(void **state)
{
    static const struct { const char *says, *text, *message; } refused[] = {
        { "nothing", "", CANNOT "not JSON: an object expected, but the text ends" },
        { "no accelerator", "{\"status\":\"running\"}",
          CANNOT "it has no 'accel'" },
        { "no status", "{\"accel\":\"tcg\",\"samples\":[]}",
          CANNOT "it has no 'status'" },
        { "time runs backwards", START "{\"at_s\":2},{\"at_s\":1}]}",
          CANNOT "samples are not in the order of their time" },
        { "a negative time", START "{\"at_s\":-1}]}",
          CANNOT "at_s must be seconds from 0 to 1000000000, not '-1'" },
        { "a time beyond reason", START "{\"at_s\":1e300}]}",
          CANNOT "at_s must be seconds from 0 to 1000000000, not '1e300'" },
        { "too high a vCPU", START "{\"thread_s\":{\"4096\":1}}]}",
          CANNOT "the number of a vCPU must be between 0 and 4095, not "
          "'4096'" },
        { "a vCPU that is no number", START "{\"info lapic\":{\"x\":\"\"}}]}",
          CANNOT "the number of a vCPU must be a whole number, not 'x'" },
        { "registers of too high a vCPU",
          START "{\"info registers -a\":\"CPU#99999999999999999999\\n\"}]}",
          CANNOT "registers of a vCPU are given whose number is not below "
          "4096" },
        { "a vCPU without a number", START "{\"query-cpus-fast\":[{}]}]}",
          CANNOT "a vCPU of query-cpus-fast has no 'cpu-index'" },
        { "a vCPU twice", START "{\"query-cpus-fast\":[{\"cpu-index\":0},"
          "{\"cpu-index\":0}]}]}",
          CANNOT "query-cpus-fast has vCPU 0 twice" },
    };

    (void)state;
    for (size_t i = 0; i < VT_COUNT(refused); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_autorecord struct vt_record *record = NULL;
        vt_autofree char *text = strdup(refused[i].text);

        UNIT_ROW(i, refused[i].says);
        assert_non_null(text);
        UNIT_RESULT(vt_record_read(text, strlen(text), &record, &err), &err,
                    refused[i].message);
        assert_null(record);
    }
}

static void
a_refused_sample_leaves_the_record(void **state)
{
    char good[] = "{\"at_s\":1}";
    char bad[] = "{\"at_s\":2,\"query-cpus-fast\":[{\"cpu-index\":1},7]}";
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autorecord struct vt_record *record = NULL;

    (void)state;
    UNIT_RESULT(vt_record_new("tcg", "running", &record, &err), &err, NULL);
    UNIT_RESULT(vt_record_add_sample(record, good, strlen(good), &err), &err,
                NULL);
    assert_int_equal(vt_record_add_sample(record, bad, strlen(bad), &err),
                     -1);
    assert_int_equal(err.code, VTOPO_BAD_INPUT);
    assert_int_equal(record->count, 1);
}

/* ---------------------------------------------------------------- registers */

struct taken {
    unsigned count;
    unsigned index;
    struct vt_registers registers;
};

static int
take(unsigned index, const struct vt_registers *registers, void *to,
     struct vtopo_error *err)
{
    struct taken *taken = to;

    (void)err;
    taken->count++;
    taken->index = index;
    taken->registers = *registers;
    return 0;
}

static void
both_forms_of_registers_are_read(void **state)
{
    static const char wide[] =
        "\r\nCPU#3\r\n"
        "RAX=000000000001ad40 RBX=0000000000000002 RCX=3 RDX=4\r\n"
        "R8 =0000000000000008 R9 =0000000000000009 R15=000000000000000f\r\n"
        "RIP=ffffffff84617a0b RFL=00000246 [---Z-P-] CPL=0 II=1 A20=1 SMM=0 "
        "HLT=1\r\n"
        "CS =0010 0000000000000000 ffffffff 00af9b00 DPL=0 CS64 [-RA]\r\n"
        "LDT=0000 0000000000000000 00000000 00008200 DPL=0 LDT\r\n"
        "TR =0040 fffffe0000003000 00004087 00008b00 DPL=0 TSS64-busy\r\n"
        "GDT=     fffffe0000001000 0000007f\r\n"
        "IDT=     fffffe0000000000 00000fff\r\n"
        "CR0=80050033 CR2=00007f0011223344 CR3=0000000002a10000 "
        "CR4=00751eb0\r\n"
        "EFER=0000000000000d01\r\nNEW=1 XMM00=00000000000000000000000000\r\n";
    static const char narrow[] =
        "CPU#0\nEAX=000f49f6 EBX=00000000\n"
        "EIP=000fd09a EFL=00000002 [-------] CPL=3 II=0 A20=1 SMM=1 HLT=0\n"
        "CS =0008 00010000 ffffffff 00cf9b00 DPL=0 CS32 [-RA]\n"
        "TR =0028 00000000 0000ffff 00008b00 DPL=0 TSS32-busy\n"
        "GDT=     000f6180 00000037\nIDT=     000f61be 00000000\n"
        "CR0=00000011 CR2=00000000 CR3=00000000 CR4=00000000\n"
        "EFER=0000000000000000";
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct taken taken = { .count = 0 };

    (void)state;
    UNIT_RESULT(vt_registers_parse(wide, take, &taken, &err), &err, NULL);
    assert_int_equal(taken.count, 1);
    assert_int_equal(taken.index, 3);
    assert_int_equal(taken.registers.general[0], 0x1ad40);
    assert_int_equal(taken.registers.general[15], 15);
    assert_true(taken.registers.ip == 0xffffffff84617a0b);
    assert_int_equal(taken.registers.flags, 0x246);
    assert_int_equal(taken.registers.inhibit, 1);
    assert_int_equal(taken.registers.halted, 1);
    assert_int_equal(taken.registers.cs, 0x10);
    assert_int_equal(taken.registers.code_bits, 64);
    assert_int_equal(taken.registers.tr, 0x40);
    assert_true(taken.registers.gdt == 0xfffffe0000001000);
    assert_true(taken.registers.idt == 0xfffffe0000000000);
    assert_true(taken.registers.cr2 == 0x7f0011223344);
    assert_int_equal(taken.registers.efer, 0xd01);
    UNIT_RESULT(vt_registers_parse(narrow, take, &taken, &err), &err, NULL);
    assert_int_equal(taken.count, 2);
    assert_int_equal(taken.index, 0);
    assert_int_equal(taken.registers.general[0], 0xf49f6);
    assert_int_equal(taken.registers.cs_base, 0x10000);
    assert_int_equal(taken.registers.code_bits, 32);
    assert_int_equal(taken.registers.cpl, 3);
    assert_int_equal(taken.registers.smm, 1);
    assert_int_equal(taken.registers.tr, 0x28);
}

static void
half_a_block_is_none(void **state)
{
    static const char *const texts[] = {
        "", "CPU#", "CPU#0", "CPU#0\nRIP=1 RFL=2 CPL=0 HLT=1\nCR0=1\n",
        "RIP=1 RFL=2 CPL=0 HLT=1\nCS =1 0\nTR =0 0\nGDT= 0\nCR0=1\n",
        "CPU#0\nRIP=11111111111111111 RFL=2\nCPL=0 HLT=1\nCS =1 0\nTR =0 0",
        "CPU#0\n PC=0000000040000000 X00=0000000000000000\nPSTATE=400003c5\n",
    };

    (void)state;
    for (size_t i = 0; i < VT_COUNT(texts); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        struct taken taken = { .count = 0 };

        UNIT_ROW(i, "half a block");
        UNIT_RESULT(vt_registers_parse(texts[i], take, &taken, &err), &err,
                    NULL);
        assert_int_equal(taken.count, 0);
    }
}

static void
the_local_apic_is_read(void **state)
{
    unsigned spiv = 0;

    (void)state;
    assert_true(vt_lapic_parse("LVT0\t 0x10000\nSPIV\t 0x000001ff APIC "
                               "enabled, focus=off\n", &spiv));
    assert_int_equal(spiv, 0x1ff);
    assert_false(vt_lapic_parse("No local APIC present\n", &spiv));
    assert_false(vt_lapic_parse("SPIV\t ", &spiv));
}

/* ------------------------------------------------------------------ compare */

static void
judge_row(const struct row *row, struct vt_verdict *ret_verdict)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;
    vt_autorecord struct vt_record *record = NULL;

    make_record(&text, row);
    (void)vt_buf_string(&text);
    UNIT_RESULT(vt_record_read(text.data, text.length, &record, &err), &err,
                NULL);
    UNIT_RESULT(vt_judge(record, NULL, ret_verdict, &err), &err, NULL);
}

struct compared {
    const char *says;
    struct row row;
    const char *smp;
    const char *osinfo, *edition, *hal;
    const char *codes;          /* of the findings, with a blank after each */
    const char *text;           /* of the first of them, or NULL */
};

static const struct compared compared[] = {
    { "as planned",
      { .samples = { "iiii", "iiii" } }, "4,sockets=1", "win7",
      "professional", NULL, "", NULL },
    { "licensed sockets",
      { .samples = { "iiff", "iiff" } }, "4,sockets=4", "win7",
      "professional", NULL, "never-started ",
      "2 of 4 vCPUs were never started by the system: Windows 7 Professional "
      "is licensed for 2 sockets and this VM has 4" },
    { "no guest is known",
      { .samples = { "if", "if" } }, "2", NULL, NULL, NULL,
      "never-started ", "1 of 2 vCPUs was never started by the system" },
    { "fewer are used than predicted",
      { .samples = { "iif", "iif" } }, "3,sockets=1", "win7",
      "professional", NULL, "never-started prediction-differs ",
      "1 of 3 vCPUs was never started by the system" },
    { "more are used than predicted",
      { .samples = { "iii", "iii" } }, "3,sockets=3", "win7",
      "professional", NULL, "prediction-differs ",
      "the system was predicted to use 2 vCPUs, and uses 3" },
    { "parked by a uniprocessor HAL",
      { .samples = { "if", "if" } }, "2,sockets=1", "winxp",
      "professional", "acpiapic_up", "never-started ", NULL },
    { "another number of vCPUs",
      { .samples = { "ii", "ii" } }, "4,sockets=1", "win7",
      "professional", NULL, "count-differs ",
      "4 vCPUs were planned, and the VM has 2" },
    { "signals disagree",
      { .samples = { "ir", "ir" },
        .more = { TIMES("1", "1"), TIMES("1", "3") } }, "2", NULL, NULL,
      NULL, "signals-disagree ",
      "vCPU 1: signals disagree: registers of a processor that was never "
      "started, and its thread is busy" },
    { "the agent says otherwise",
      { .samples = { "ii", "ii" },
        .more = { NULL, "\"guest-agent\":[{\"logical-id\":0,\"online\":true},"
                  "{\"logical-id\":1,\"online\":false}]" } },
      "2", NULL, NULL, NULL, "agent-differs ",
      "the guest's agent says that 1 processor is online, and 2 are seen in "
      "use" },
    { "the agent says the same",
      { .samples = { "ii", "ii" },
        .more = { NULL, "\"guest-agent\":[{\"logical-id\":0,\"online\":true},"
                  "{\"logical-id\":1,\"online\":true}]" } },
      "2", NULL, NULL, NULL, "", NULL },
    { "a HAL that never halts",
      { .samples = { "kk", "kk" },
        .more = { TIMES("1", "1"), TIMES("2.95", "3") } },
      "2,sockets=2", "win2k", "professional", "mps_mp", "idle-spins ",
      "vCPU 0-1 took a host CPU all the time; HAL mps_mp does not halt when "
      "idle, so it may have done nothing" },
    { "a busy guest that halts when idle",
      { .samples = { "kk", "kk" },
        .more = { TIMES("1", "1"), TIMES("2.95", "3") } },
      "2,sockets=2", "win7", "professional", NULL, "", NULL },
    { "firmware's loop costs a host CPU",
      { .samples = { "io", "io" },
        .more = { TIMES("1", "1"), TIMES("1", "3") } },
      "2", NULL, NULL, NULL, "never-started waste-spins ", NULL },
    { "a hypervisor",
      { .samples = { "vv", "vv" } }, "2", NULL, NULL, NULL,
      "hypervisor-in-guest ", NULL },
    { "may be starting: nothing is said yet",
      { .samples = { "kf", "kf" } }, "2", NULL, NULL, NULL, "", NULL },
};

static void
predict(const struct compared *row, struct vtopo_prediction *prediction,
        struct vtopo_limits *limits)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vtopo_dialect dialect;
    struct vtopo_shape shape;
    struct vtopo_cpu cpu = { .accel = VTOPO_KVM };
    struct vtopo_smp smp;
    unsigned notes;

    UNIT_RESULT(vtopo_dialect_lookup("pc-q35-7.2", VTOPO_X86_64, 0, &dialect,
                                     &err), &err, NULL);
    UNIT_RESULT(vtopo_smp_parse(row->smp, &dialect, &smp, &err), &err, NULL);
    UNIT_RESULT(vtopo_smp_complete(&smp, &dialect, &shape, &notes, &err),
                &err, NULL);
    if (row->osinfo != NULL)
        UNIT_RESULT(vtopo_limits_lookup(row->osinfo, row->edition,
                                        VTOPO_ARCH_UNKNOWN, limits, &err),
                    &err, NULL);
    if (row->hal != NULL)
        UNIT_RESULT(vtopo_limits_set_hal(limits, row->hal, &err), &err, NULL);
    UNIT_RESULT(vtopo_predict(&shape, &dialect, &cpu, row->osinfo != NULL
                              ? limits : NULL, prediction, &err), &err, NULL);
}

static void
observed_is_held_against_predicted(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(compared); i++) {
        vt_auto(vt_verdict_clear) struct vt_verdict verdict = VT_VERDICT_INIT;
        vt_auto(vtopo_prediction_clear) struct vtopo_prediction prediction =
            VTOPO_PREDICTION_INIT;
        struct vt_findings findings = { .count = 0 };
        struct vtopo_limits limits;
        char codes[256] = "";

        UNIT_ROW(i, compared[i].says);
        predict(&compared[i], &prediction, &limits);
        judge_row(&compared[i].row, &verdict);
        vt_verdict_compare(&verdict, &prediction.shape, &prediction,
                           compared[i].osinfo != NULL ? &limits : NULL,
                           &findings);
        for (unsigned j = 0; j < findings.count; j++) {
            strcat(codes, findings.list[j].code);
            strcat(codes, " ");
        }
        assert_string_equal(codes, compared[i].codes);
        if (compared[i].text != NULL)
            assert_string_equal(findings.list[0].text, compared[i].text);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(recorded_vms_are_judged_as_they_were_made),
    cmocka_unit_test(looks_are_judged),
    cmocka_unit_test(starting_up_settles_at_last),
    cmocka_unit_test(patience_ends),
    cmocka_unit_test(a_full_record_keeps_both_ends),
    cmocka_unit_test(records_that_are_refused),
    cmocka_unit_test(a_refused_sample_leaves_the_record),
    cmocka_unit_test(both_forms_of_registers_are_read),
    cmocka_unit_test(half_a_block_is_none),
    cmocka_unit_test(the_local_apic_is_read),
    cmocka_unit_test(observed_is_held_against_predicted),
};

UNIT_MAIN(tests)
