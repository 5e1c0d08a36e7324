/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-verdict.c - from looks at a running VM to which vCPUs are used
 *
 * The files of tests/records/ were taken from real VMs (but for those that
 * are called made-up); what the guest of each did with its vCPUs is known,
 * because we told it to.  The rest is put together here, a letter for each
 * look at a vCPU.
 */

#include <stdio.h>

#include "look-builder.h"

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
        UNIT_RESULT(vt_judge(record, &verdict, &err), &err, NULL);
        check_letters(&verdict, recorded[i].states, recorded[i].owners);
        assert_string_equal(verdict.reason, recorded[i].reason);
        assert_int_equal(verdict.outcome, recorded[i].outcome);
        assert_int_equal(verdict.settled,
                         recorded[i].outcome != VT_OUTCOME_UNKNOWN
                         && strcmp(recorded[i].file, "linux-poll") != 0);
        assert_int_equal(vt_verdict_settled(record), verdict.settled);
    }
}

/* ------------------------------------------------------------ made-up looks */

struct row {
    const char *says;
    const char *samples[4];     /* 2 s apart, up to NULL */
    const char *more[4];        /* members more; NULL for none */
    const char *states;
    const char *owners;         /* NULL: this row does not say */
    enum vt_outcome outcome;
    const char *reason;         /* NULL: the same */
};

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
looks_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        vt_auto(vt_verdict_clear) struct vt_verdict verdict = VT_VERDICT_INIT;

        UNIT_ROW(i, rows[i].says);
        judge_looks(rows[i].samples, rows[i].more, &verdict);
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
        assert_int_equal(vt_verdict_settled(record),
                         course[i].settled);
        UNIT_RESULT(vt_judge(record, &verdict, &err), &err, NULL);
        assert_int_not_equal(verdict.outcome, VT_WASTED);
    }
}

/* A kernel that polls is never seen idle: then a long time must do. */
static void
patience_ends(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autorecord struct vt_record *record = NULL;

    (void)state;
    UNIT_RESULT(vt_record_new("tcg", "running", &record, &err), &err, NULL);
    for (unsigned i = 0; i < 8; i++) {
        vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;

        add_sample(&text, "kf", 6 * i, "");
        (void)vt_buf_string(&text);
        UNIT_RESULT(vt_record_add_sample(record, text.data, text.length,
                                         &err), &err, NULL);
        assert_int_equal(vt_verdict_settled(record), i >= 5);
    }
    vt_record_set_status(record, "guest-panicked");
    assert_false(vt_verdict_settled(record));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(recorded_vms_are_judged_as_they_were_made),
    cmocka_unit_test(looks_are_judged),
    cmocka_unit_test(starting_up_settles_at_last),
    cmocka_unit_test(patience_ends),
};

UNIT_MAIN(tests)
