/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * libvirt.c - reach a VM through libvirt (see vm.h)
 *
 * The only file that knows libvirt.  The library takes 17 ms to load, so it is
 * loaded here, when a domain is asked for; what is used of it has been the
 * same since its release 0.8.
 */

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "vm/vm.h"

/* Types and functions of libvirt/libvirt.h and libvirt-qemu.h. */
typedef void connection, domain;

struct vcpu_info {              /* virVcpuInfo */
    unsigned number;
    int state;
    unsigned long long time;    /* of its thread, in nanoseconds */
    int cpu;
};

struct api {
    connection *(*virConnectOpen)(const char *);
    int (*virConnectClose)(connection *);
    domain *(*virDomainLookupByName)(connection *, const char *);
    int (*virDomainIsActive)(domain *);
    int (*virDomainFree)(domain *);
    int (*virDomainGetVcpus)(domain *, struct vcpu_info *, int,
                             unsigned char *, int);
    const char *(*virGetLastErrorMessage)(void);
    void (*virSetErrorFunc)(void *, void (*)(void *, void *));
    int (*virDomainQemuMonitorCommand)(domain *, const char *, char **,
                                       unsigned);
    char *(*virDomainQemuAgentCommand)(domain *, const char *, int, unsigned);
};

struct vt_libvirt {
    struct api api;
    connection *connection;
    domain *domain;
    bool local;
};

static int
load_symbol(void *library, const char *name, void *to,
            struct vtopo_error *err)
{
    void *symbol = dlsym(library, name);

    if (symbol == NULL)
        return vt_fail(err, VTOPO_SYSTEM, "libvirt has no '%s'", name);
    memcpy(to, &symbol, sizeof(symbol));
    return 0;
}

#define LOAD(library, name) \
    (load_symbol((library), #name, &api->name, err) < 0)

/* The library stays loaded: it keeps threads and state of its own. */
static int
load(struct api *api, struct vtopo_error *err)
{
    void *main = dlopen("libvirt.so.0", RTLD_NOW);
    void *qemu = dlopen("libvirt-qemu.so.0", RTLD_NOW);

    if (main == NULL || qemu == NULL) {
        (void)vt_fail(err, VTOPO_SYSTEM, "cannot load libvirt: %s", dlerror());
        return vt_hint(err, "it is the package libvirt0 or libvirt-libs");
    }
    return LOAD(main, virConnectOpen) || LOAD(main, virConnectClose)
           || LOAD(main, virDomainLookupByName)
           || LOAD(main, virDomainIsActive) || LOAD(main, virDomainFree)
           || LOAD(main, virDomainGetVcpus)
           || LOAD(main, virGetLastErrorMessage)
           || LOAD(main, virSetErrorFunc)
           || LOAD(qemu, virDomainQemuMonitorCommand)
           || LOAD(qemu, virDomainQemuAgentCommand) ? -1 : 0;
}

/* It would print errors by itself. */
static void
ignore_error(void *context, void *error)
{
    (void)context;
    (void)error;
}

static int
fail_libvirt(const struct vt_libvirt *libvirt, struct vtopo_error *err,
             enum vtopo_code code, const char *doing)
{
    return vt_fail(err, code, "%s: %s", doing,
                   libvirt->api.virGetLastErrorMessage());
}

void
vt_libvirt_close(struct vt_libvirt *libvirt)
{
    if (libvirt == NULL)
        return;
    if (libvirt->domain != NULL)
        (void)libvirt->api.virDomainFree(libvirt->domain);
    if (libvirt->connection != NULL)
        (void)libvirt->api.virConnectClose(libvirt->connection);
    free(libvirt);
}

/* A URI without a host is this machine: "qemu:///system". */
static bool
is_local(const char *uri)
{
    const char *host = strstr(uri, "://");
    const char *transport = strchr(uri, '+');

    return host != NULL && host[3] == '/'
           && (transport == NULL || strncmp(transport, "+unix:", 6) == 0);
}

int
vt_libvirt_open(const char *uri, const char *name,
                struct vt_libvirt **ret_libvirt, struct vtopo_error *err)
{
    vt_auto(vt_libvirt_closep) struct vt_libvirt *libvirt =
        calloc(1, sizeof(*libvirt));

    if (libvirt == NULL)
        return vt_fail_memory(err);
    if (load(&libvirt->api, err) < 0)
        return -1;
    libvirt->api.virSetErrorFunc(NULL, ignore_error);
    libvirt->local = is_local(uri);
    libvirt->connection = libvirt->api.virConnectOpen(uri);
    if (libvirt->connection == NULL)
        return fail_libvirt(libvirt, err, VTOPO_SYSTEM,
                            "cannot connect to libvirt");
    libvirt->domain =
        libvirt->api.virDomainLookupByName(libvirt->connection, name);
    if (libvirt->domain == NULL)
        return fail_libvirt(libvirt, err, VTOPO_BAD_INPUT,
                            "cannot find the domain");
    if (libvirt->api.virDomainIsActive(libvirt->domain) != 1)
        return vt_fail(err, VTOPO_IMPOSSIBLE, "the domain '%s' does not run",
                       name);
    *ret_libvirt = vt_steal(&libvirt);
    return 0;
}

/* ------------------------------------------------------------- commands */

/* Write @command, have @pass pass it on, and take libvirt's reply apart. */
static int
run(struct vt_libvirt *libvirt, const char *command, const char *arguments,
    char *(*pass)(struct vt_libvirt *libvirt, const char *text,
                  struct vtopo_error *err),
    struct vt_buf *answer, struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;
    vt_autofree char *reply = NULL;

    vt_qmp_write(&text, command, arguments, 0);
    if (vt_buf_check(&text, err) < 0)
        return -1;
    reply = pass(libvirt, vt_buf_string(&text), err);
    return reply == NULL ? -1
           : vt_qmp_read(reply, strlen(reply), command, answer, err);
}

static char *
pass_to_monitor(struct vt_libvirt *libvirt, const char *text,
                struct vtopo_error *err)
{
    char *reply = NULL;

    if (libvirt->api.virDomainQemuMonitorCommand(libvirt->domain, text, &reply,
                                                 0) < 0)
        (void)fail_libvirt(libvirt, err, VTOPO_SYSTEM,
                           "libvirt does not pass commands on to QEMU");
    return reply;
}

/* Most domains have no agent; libvirt then says so at once. */
static char *
pass_to_agent(struct vt_libvirt *libvirt, const char *text,
              struct vtopo_error *err)
{
    char *reply = libvirt->api.virDomainQemuAgentCommand(
        libvirt->domain, text, VT_VM_AGENT_MS / 1000, 0);

    if (reply == NULL)
        (void)fail_libvirt(libvirt, err, VTOPO_IMPOSSIBLE, "no agent answers");
    return reply;
}

static int
run_monitor(void *context, const char *command, const char *arguments,
            struct vt_buf *answer, struct vtopo_error *err)
{
    return run(context, command, arguments, pass_to_monitor, answer, err);
}

static int
run_agent(void *context, const char *command, const char *arguments,
          struct vt_buf *answer, struct vtopo_error *err)
{
    return run(context, command, arguments, pass_to_agent, answer, err);
}

/* Numbers are those of vCPUs that are there, by rising index; where some are
 * not, nobody can tell which is which.
 */
static unsigned
read_times(void *context, unsigned long long *times, unsigned count)
{
    struct vt_libvirt *libvirt = context;
    vt_autofree struct vcpu_info *info = calloc(count, sizeof(*info));
    int got = info == NULL ? -1
        : libvirt->api.virDomainGetVcpus(libvirt->domain, info, (int)count,
                                         NULL, 0);

    for (int i = 0; i < got; i++) {
        if (info[i].number != (unsigned)i)
            return 0;
        times[i] = info[i].time;
    }
    return got > 0 ? (unsigned)got : 0;
}

struct vt_vm
vt_vm_of_libvirt(struct vt_libvirt *libvirt)
{
    return (struct vt_vm) {
        .run = run_monitor, .context = libvirt,
        .run_agent = run_agent, .agent = libvirt,
        .read_times = read_times,
        .local = libvirt->local,
    };
}
