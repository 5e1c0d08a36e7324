/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-config.c - a shape in the words of QEMU and of libvirt
 *
 * The texts are written by hand.  Whether libvirt takes them, its schema says
 * in tests/cli/check-libvirt.sh; that QEMU does, is known from what its
 * options are.
 */

#include "config/config.h"
#include "unit.h"

#define R(major, minor) VTOPO_RELEASE(major, minor)

/* Levels from drawers to threads. */
#define SHAPE(n, max, ...)                                                  \
    { .cpus = n, .maxcpus = max, .level = { __VA_ARGS__ } }

struct row {
    const char *says;
    const char *machine;
    unsigned qemu;              /* 0: that of the machine type */
    struct vtopo_cpu cpu;
    struct vtopo_shape shape;
    const char *qemu_text;
    const char *libvirt_text;   /* NULL: this row does not say */
};

static const struct row rows[] = {
    { "the usual",
      "pc-q35-7.2", 0, { .model = "" },
      SHAPE(8, 8, 1, 1, 1, 1, 1, 1, 8, 1),
      "-machine pc-q35-7.2\n"
      "-smp 8,sockets=1,cores=8,threads=1\n",
      "<vcpu placement='static'>8</vcpu>\n"
      "<os>\n"
      "  <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>\n"
      "</os>\n"
      "<cpu>\n"
      "  <topology sockets='1' cores='8' threads='1'/>\n"
      "</cpu>\n" },
    { "one vCPU",
      "pc-i440fx-2.12", 0, { .model = "" },
      SHAPE(1, 1, 1, 1, 1, 1, 1, 1, 1, 1),
      "-machine pc-i440fx-2.12\n"
      "-smp 1,sockets=1,cores=1,threads=1\n",
      "<vcpu placement='static'>1</vcpu>\n"
      "<os>\n"
      "  <type arch='x86_64' machine='pc-i440fx-2.12'>hvm</type>\n"
      "</os>\n"
      "<cpu>\n"
      "  <topology sockets='1' cores='1' threads='1'/>\n"
      "</cpu>\n" },
    { "vCPUs that can be added later",
      "pc-q35-7.2", 0, { .model = "" },
      SHAPE(4, 16, 1, 1, 2, 1, 1, 1, 8, 1),
      "-machine pc-q35-7.2\n"
      "-smp 4,maxcpus=16,sockets=2,cores=8,threads=1\n",
      "<vcpu placement='static' current='4'>16</vcpu>\n"
      "<os>\n"
      "  <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>\n"
      "</os>\n"
      "<cpu>\n"
      "  <topology sockets='2' cores='8' threads='1'/>\n"
      "</cpu>\n" },
    { "dies are named where there are several",
      "pc-q35-7.2", 0, { .model = "" },
      SHAPE(8, 8, 1, 1, 1, 2, 1, 1, 4, 1),
      "-machine pc-q35-7.2\n"
      "-smp 8,sockets=1,dies=2,cores=4,threads=1\n",
      "<vcpu placement='static'>8</vcpu>\n"
      "<os>\n"
      "  <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>\n"
      "</os>\n"
      "<cpu>\n"
      "  <topology sockets='1' dies='2' cores='4' threads='1'/>\n"
      "</cpu>\n" },
    { "a CPU model",
      "pc-q35-7.2", 0, { .model = "Skylake-Server-v1" },
      SHAPE(4, 4, 1, 1, 1, 1, 1, 1, 2, 2),
      "-machine pc-q35-7.2\n"
      "-smp 4,sockets=1,cores=2,threads=2\n"
      "-cpu Skylake-Server-v1\n",
      "<vcpu placement='static'>4</vcpu>\n"
      "<os>\n"
      "  <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>\n"
      "</os>\n"
      "<cpu mode='custom' match='exact'>\n"
      "  <model>Skylake-Server-v1</model>\n"
      "  <topology sockets='1' cores='2' threads='2'/>\n"
      "</cpu>\n" },
    { "threads of AMD need topoext",
      "pc-q35-7.2", 0, { .model = "EPYC" },
      SHAPE(8, 8, 1, 1, 1, 1, 1, 1, 4, 2),
      "-machine pc-q35-7.2\n"
      "-smp 8,sockets=1,cores=4,threads=2\n"
      "-cpu EPYC,topoext=on\n",
      "<vcpu placement='static'>8</vcpu>\n"
      "<os>\n"
      "  <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>\n"
      "</os>\n"
      "<cpu mode='custom' match='exact'>\n"
      "  <model>EPYC</model>\n"
      "  <topology sockets='1' cores='4' threads='2'/>\n"
      "  <feature policy='require' name='topoext'/>\n"
      "</cpu>\n" },
    { "a model that has none by itself is given it where that was asked for",
      "pc-q35-7.2", 0, { .model = "Opteron_G3", .topoext = VTOPO_YES },
      SHAPE(2, 2, 1, 1, 1, 1, 1, 1, 1, 2),
      "-machine pc-q35-7.2\n"
      "-smp 2,sockets=1,cores=1,threads=2\n"
      "-cpu Opteron_G3,topoext=on\n",
      "<vcpu placement='static'>2</vcpu>\n"
      "<os>\n"
      "  <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>\n"
      "</os>\n"
      "<cpu mode='custom' match='exact'>\n"
      "  <model>Opteron_G3</model>\n"
      "  <topology sockets='1' cores='1' threads='2'/>\n"
      "  <feature policy='require' name='topoext'/>\n"
      "</cpu>\n" },
    { "cores of AMD do not",
      "pc-q35-7.2", 0, { .model = "EPYC" },
      SHAPE(8, 8, 1, 1, 1, 1, 1, 1, 8, 1),
      "-machine pc-q35-7.2\n"
      "-smp 8,sockets=1,cores=8,threads=1\n"
      "-cpu EPYC\n",
      "<vcpu placement='static'>8</vcpu>\n"
      "<os>\n"
      "  <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>\n"
      "</os>\n"
      "<cpu mode='custom' match='exact'>\n"
      "  <model>EPYC</model>\n"
      "  <topology sockets='1' cores='8' threads='1'/>\n"
      "</cpu>\n" },
    { "TCG has no topoext to give",
      "pc-q35-7.2", 0, { .model = "EPYC", .accel = VTOPO_TCG },
      SHAPE(2, 2, 1, 1, 1, 1, 1, 1, 1, 2),
      "-machine pc-q35-7.2\n"
      "-smp 2,sockets=1,cores=1,threads=2\n"
      "-cpu EPYC\n",
      "<vcpu placement='static'>2</vcpu>\n"
      "<os>\n"
      "  <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>\n"
      "</os>\n"
      "<cpu mode='custom' match='exact'>\n"
      "  <model>EPYC</model>\n"
      "  <topology sockets='1' cores='1' threads='2'/>\n"
      "</cpu>\n" },
    { "an AMD model on an Intel host is Intel",
      "pc-q35-7.2", 0, { .model = "EPYC", .vendor = VTOPO_INTEL },
      SHAPE(2, 2, 1, 1, 1, 1, 1, 1, 1, 2),
      "-machine pc-q35-7.2\n"
      "-smp 2,sockets=1,cores=1,threads=2\n"
      "-cpu EPYC\n",
      "<vcpu placement='static'>2</vcpu>\n"
      "<os>\n"
      "  <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>\n"
      "</os>\n"
      "<cpu mode='custom' match='exact'>\n"
      "  <model>EPYC</model>\n"
      "  <topology sockets='1' cores='1' threads='2'/>\n"
      "</cpu>\n" },
    { "x2APIC where it was asked for; libvirt has no need to be told",
      "pc-q35-10.0", 0,
      { .model = "EPYC", .accel = VTOPO_TCG, .x2apic = VTOPO_YES },
      SHAPE(300, 300, 1, 1, 1, 1, 1, 1, 300, 1),
      "-machine pc-q35-10.0\n"
      "-smp 300,sockets=1,cores=300,threads=1\n"
      "-cpu EPYC,x2apic=on\n",
      "<vcpu placement='static'>300</vcpu>\n"
      "<os>\n"
      "  <type arch='x86_64' machine='pc-q35-10.0'>hvm</type>\n"
      "</os>\n"
      "<cpu mode='custom' match='exact'>\n"
      "  <model>EPYC</model>\n"
      "  <topology sockets='1' cores='300' threads='1'/>\n"
      "</cpu>\n" },
    { "what a CPU needs that nobody named",
      "pc-q35-7.2", 0, { .vendor = VTOPO_AMD, .topoext = VTOPO_YES },
      SHAPE(2, 2, 1, 1, 1, 1, 1, 1, 1, 2),
      "-machine pc-q35-7.2\n"
      "-smp 2,sockets=1,cores=1,threads=2\n"
      "-cpu host,topoext=on\n",
      NULL },
    { "likewise under TCG",
      "pc-q35-10.0", 0, { .accel = VTOPO_TCG, .x2apic = VTOPO_YES },
      SHAPE(2, 2, 1, 1, 1, 1, 1, 1, 2, 1),
      "-machine pc-q35-10.0\n"
      "-smp 2,sockets=1,cores=2,threads=1\n"
      "-cpu max,x2apic=on\n",
      NULL },
    { "what XML has to escape",
      "pc-q35-7.2", 0, { .model = "a<b>&'c'", .vendor = VTOPO_AMD },
      SHAPE(2, 2, 1, 1, 1, 1, 1, 1, 2, 1),
      "-machine pc-q35-7.2\n"
      "-smp 2,sockets=1,cores=2,threads=1\n"
      "-cpu a<b>&'c'\n",
      "<vcpu placement='static'>2</vcpu>\n"
      "<os>\n"
      "  <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>\n"
      "</os>\n"
      "<cpu mode='custom' match='exact'>\n"
      "  <model>a&lt;b>&amp;&apos;c&apos;</model>\n"
      "  <topology sockets='1' cores='2' threads='1'/>\n"
      "</cpu>\n" },
    { "no x86, no CPU model",
      "virt-8.2", 0, { .model = "" },
      SHAPE(8, 8, 1, 1, 2, 1, 1, 1, 4, 1),
      "-machine virt-8.2\n"
      "-smp 8,sockets=2,cores=4,threads=1\n",
      "<vcpu placement='static'>8</vcpu>\n"
      "<os>\n"
      "  <type arch='aarch64' machine='virt-8.2'>hvm</type>\n"
      "</os>\n"
      "<cpu>\n"
      "  <topology sockets='2' cores='4' threads='1'/>\n"
      "</cpu>\n" },
};

static void
platforms(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_auto(vt_buf_clear) struct vt_buf qemu = VT_BUF_INIT;
        vt_auto(vt_buf_clear) struct vt_buf libvirt = VT_BUF_INIT;
        const struct row *row = &rows[i];
        struct vtopo_dialect dialect;

        UNIT_ROW(i, row->says);
        assert_int_equal(vtopo_dialect_lookup(row->machine,
                                              VTOPO_ARCH_UNKNOWN, row->qemu,
                                              &dialect, &err), 0);
        vt_config_qemu(&qemu, &row->shape, &dialect, &row->cpu);
        assert_string_equal(vt_buf_string(&qemu), row->qemu_text);
        vt_config_libvirt(&libvirt, &row->shape, &dialect, &row->cpu);
        if (row->libvirt_text != NULL)
            assert_string_equal(vt_buf_string(&libvirt), row->libvirt_text);
    }
}

static const struct {
    struct vtopo_shape shape;
    const char *text;
} smp_rows[] = {
    { SHAPE(4, 4, 1, 1, 2, 1, 1, 1, 2, 1), "4,sockets=2,cores=2,threads=1" },
    { SHAPE(3, 4, 1, 1, 1, 1, 1, 1, 2, 2),
      "3,maxcpus=4,sockets=1,cores=2,threads=2" },
    { SHAPE(256, 256, 2, 2, 2, 2, 2, 2, 2, 2),
      "256,drawers=2,books=2,sockets=2,dies=2,clusters=2,modules=2,cores=2,"
      "threads=2" },
    { SHAPE(4096, 4096, 1, 1, 4096, 1, 1, 1, 1, 1),
      "4096,sockets=4096,cores=1,threads=1" },
    { SHAPE(24, 24, 1, 1, 1, 1, 1, 3, 4, 2),
      "24,sockets=1,modules=3,cores=4,threads=2" },
};

/* Levels of 1 in between are left out: older releases do not know them. */
static void
smp_options(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(smp_rows); i++) {
        vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;

        vt_config_smp(&text, &smp_rows[i].shape);
        assert_string_equal(vt_buf_string(&text), smp_rows[i].text);
    }
}

static const struct {
    const char *machine;
    const char *arch;
} arch_rows[] = {
    { "pc-q35-7.2", "x86_64" },
    { "microvm", "x86_64" },
    { "virt-8.2", "aarch64" },
    { "pseries-8.2", "ppc64" },
    { "s390-ccw-virtio-8.2", "s390x" },
};

static void
libvirt_names_of_architectures(void **state)
{
    struct vtopo_shape shape = SHAPE(1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
    struct vtopo_cpu cpu = { .model = "" };

    (void)state;
    for (size_t i = 0; i < VT_COUNT(arch_rows); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;
        vt_auto(vt_buf_clear) struct vt_buf want = VT_BUF_INIT;
        struct vtopo_dialect dialect;

        assert_int_equal(vtopo_dialect_lookup(arch_rows[i].machine,
                                              VTOPO_ARCH_UNKNOWN, R(8, 2),
                                              &dialect, &err), 0);
        vt_config_libvirt(&text, &shape, &dialect, &cpu);
        vt_buf_printf(&want, "<type arch='%s' machine='%s'>hvm</type>",
                      arch_rows[i].arch, arch_rows[i].machine);
        assert_non_null(strstr(vt_buf_string(&text), vt_buf_string(&want)));
    }
}

/* A machine that is spelt out has no name; then libvirt chooses. */
static void
libvirt_without_a_machine(void **state)
{
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;
    struct vtopo_shape shape = SHAPE(2, 2, 1, 1, 1, 1, 1, 1, 2, 1);
    struct vtopo_dialect dialect = {
        .machine = "", .arch = VTOPO_X86_64, .qemu = R(7, 2),
    };
    struct vtopo_cpu cpu = { .model = "" };

    (void)state;
    vt_config_libvirt(&text, &shape, &dialect, &cpu);
    assert_string_equal(vt_buf_string(&text),
                        "<vcpu placement='static'>2</vcpu>\n"
                        "<cpu>\n"
                        "  <topology sockets='1' cores='2' threads='1'/>\n"
                        "</cpu>\n");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(platforms),
    cmocka_unit_test(smp_options),
    cmocka_unit_test(libvirt_names_of_architectures),
    cmocka_unit_test(libvirt_without_a_machine),
};

UNIT_MAIN(tests)
