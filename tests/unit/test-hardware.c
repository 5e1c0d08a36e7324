/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-hardware.c - a guest is started with what it has drivers for
 */

#include "unit.h"
#include "vm/hardware.h"
#include "vm/launch.h"

struct row {
    const char *says;
    const char *generation;
    const char *drivers[4];     /* boot drivers, but for "netkvm" */
    const char *firmware;
    enum vtopo_accel accel;
    enum vt_bus bus;
    bool is_pc, uefi;
    const char *cpu, *network;
};

static const struct row rows[] = {
    { "XP has IDE, and a CPU of its time", "nt5.1-x86",
      { "intelide", "atapi" }, "bios", VTOPO_KVM, VT_BUS_IDE, true, false,
      "core2duo", "rtl8139" },
    { "XP with virtio drivers", "nt5.1-x86",
      { "intelide", "viostor", "netkvm" }, "bios", VTOPO_KVM,
      VT_BUS_VIRTIO_BLK, false, false, "core2duo", "virtio-net-pci" },
    { "7 with AHCI", "nt6.1-x86_64", { "msahci" }, "bios", VTOPO_TCG,
      VT_BUS_AHCI, false, false, "Nehalem", "e1000" },
    { "7 installed on IDE stays there", "nt6.1-x86_64",
      { "intelide", "lsi_sas" }, "bios", VTOPO_TCG, VT_BUS_IDE, true, false,
      "Nehalem", "e1000" },
    { "10 on UEFI with vioscsi, and its Hyper-V interfaces", "nt10-x86_64",
      { "storahci", "vioscsi" }, "uefi", VTOPO_KVM, VT_BUS_VIRTIO_SCSI,
      false, true, "host,hv-relaxed,hv-vapic,hv-spinlocks=0x1fff,hv-time,"
      "hv-vpindex,hv-runtime,hv-synic,hv-stimer,hv-frequencies,hv-tlbflush,"
      "hv-ipi", "e1000e" },
    { "which TCG has not", "nt10-x86_64", { "storahci" }, "uefi", VTOPO_TCG,
      VT_BUS_AHCI, false, true, "max", "e1000e" },
    { "UEFI has no old board", "nt6.2-x86_64", { "intelide" }, "uefi",
      VTOPO_TCG, VT_BUS_IDE, false, true, "max", "e1000e" },
    { "2000 without known drivers", "nt5.0-x86", { NULL }, NULL, VTOPO_TCG,
      VT_BUS_IDE, true, false, "pentium3", "rtl8139" },
    { "nobody knows what it is", NULL, { NULL }, NULL, VTOPO_TCG, VT_BUS_AHCI,
      false, false, "max", "e1000" },
};

static void
guests_get_what_they_know(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        const struct row *row = &rows[i];
        vt_autofree struct vt_system_fact *fact = calloc(1, sizeof(*fact));
        struct vt_hardware hardware;

        UNIT_ROW(i, row->says);
        assert_non_null(fact);
        for (; row->drivers[fact->drivers_count] != NULL;
             fact->drivers_count++)
            fact->drivers[fact->drivers_count] = (struct vt_driver_fact) {
                .name = row->drivers[fact->drivers_count],
                .boot = strcmp(row->drivers[fact->drivers_count],
                               "netkvm") != 0,
            };
        fact->firmware = row->firmware;
        vt_hardware_choose(row->generation != NULL ? fact : NULL,
                           row->generation, row->accel, NULL, false,
                           &hardware);
        assert_int_equal(hardware.bus, row->bus);
        assert_int_equal(hardware.is_pc, row->is_pc);
        assert_int_equal(hardware.uefi, row->uefi);
        assert_string_equal(hardware.cpu, row->cpu);
        assert_string_equal(hardware.choice[VT_CHOICE_NETWORK].value,
                            row->network);
        for (unsigned k = 0; k < VT_CHOICES; k++)
            assert_true(hardware.choice[k].why[0] != '\0');
    }
}

static void
words_can_be_pasted(void **state)
{
    vt_auto(vt_words_clear) struct vt_words words = VT_WORDS_INIT;
    vt_auto(vt_buf_clear) struct vt_buf out = VT_BUF_INIT;

    (void)state;
    vt_words_add(&words, "qemu");
    vt_words_add(&words, "-drive");
    vt_words_add(&words, "file=%s", "it's $here.img");
    vt_words_add(&words, "-append");
    vt_words_add(&words, "%s", "");
    assert_false(words.failed);
    vt_words_print(&words, &out);
    assert_string_equal(vt_buf_string(&out),
                        "qemu \\\n    -drive 'file=it'\\''s $here.img' \\\n"
                        "    -append ''\n");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(guests_get_what_they_know),
    cmocka_unit_test(words_can_be_pasted),
};

UNIT_MAIN(tests)
