/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-record.c - what a running VM shows, from text and into text
 */

#include <stdio.h>

#include "look-builder.h"
#include "verdict/registers.h"

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

/* What was watched is judged alike when it is read back. */
static void
a_record_reads_back_as_it_was(void **state)
{
    static const char want[] =
        "{\"accel\":\"kvm\",\"status\":\"paused\",\"settle_s\":7,"
        "\"samples\":[\n{\"at_s\":1},\n{\"at_s\":2}]}\n";
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;
    vt_autorecord struct vt_record *record = NULL;
    vt_autorecord struct vt_record *again = NULL;
    char samples[][12] = { "{\"at_s\":1}", "{\"at_s\":2}" };

    (void)state;
    UNIT_RESULT(vt_record_new("kvm", "running", &record, &err), &err, NULL);
    record->keeps_text = true;
    record->settle_ms = 7000;
    for (size_t i = 0; i < VT_COUNT(samples); i++)
        UNIT_RESULT(vt_record_add_sample(record, samples[i],
                                         strlen(samples[i]), &err), &err,
                    NULL);
    vt_record_set_status(record, "paused");
    vt_record_write(record, &text);
    assert_string_equal(vt_buf_string(&text), want);
    UNIT_RESULT(vt_record_read(text.data, text.length, &again, &err), &err,
                NULL);
    assert_int_equal(again->settle_ms, 7000);
    assert_int_equal(again->count, 2);
    assert_int_equal(again->accel, VTOPO_KVM);
    assert_string_equal(again->status, "paused");
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
        { "no time to settle",
          "{\"accel\":\"tcg\",\"status\":\"running\",\"settle_s\":0}",
          CANNOT "'settle_s' must be a whole number between 1 and 3600, not 0" },
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

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_full_record_keeps_both_ends),
    cmocka_unit_test(a_record_reads_back_as_it_was),
    cmocka_unit_test(records_that_are_refused),
    cmocka_unit_test(a_refused_sample_leaves_the_record),
    cmocka_unit_test(both_forms_of_registers_are_read),
    cmocka_unit_test(half_a_block_is_none),
    cmocka_unit_test(the_local_apic_is_read),
};

UNIT_MAIN(tests)
