/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * server.c - qemu-nbd, for every disk that is not raw
 *
 * It gets the files of the chain as open descriptors, is told the format of
 * each, and talks to one client over a socket that is connected before it
 * starts.  It parses what a guest has written, so it is shut in: Landlock
 * with exactly these files and its own libraries, filters (see filter.c),
 * limits.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/elf.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json-write.h"
#include "base/landlock.h"
#include "base/paths.h"
#include "image/internal.h"

#define PROGRAM "qemu-nbd"

/* Descriptors of the server: the socket it listens on (by the rules of
 * systemd's activation), the folder of the image, then the files.
 */
#define SOCKET_FD 3
#define FOLDER_FD 4
#define FIRST_FD  5

/* ---------------------------------------------------- what QEMU is told */

static void
add_file(struct vt_json *json, const struct vt_place *place, unsigned fd,
         bool by_name)
{
    vt_auto(vt_buf_clear) struct vt_buf path = VT_BUF_INIT;

    if (by_name)
        vt_buf_printf(&path, "/proc/self/fd/%d/%s", FOLDER_FD, place->path);
    else
        vt_buf_printf(&path, "/proc/self/fd/%u", fd);
    vt_json_open(json, '{');
    vt_json_key(json, "driver");
    vt_json_string(json, place->is_device ? "host_device" : "file");
    vt_json_key(json, "filename");
    /* A file outside the folder has an absolute path of its own. */
    vt_json_string(json, by_name && place->path[0] == '/'
                   ? place->path : vt_buf_string(&path));
    if (path.failed)
        json->out->failed = true;
    vt_json_close(json, '}');
}

/* QEMU takes the URI from the overlay, where we have read it, and takes it
 * apart; no way to say it here works for every protocol.  Only how it is read
 * is said.
 */
static void
add_protocol(struct vt_json *json, const char *uri)
{
    vt_json_open(json, '{');
    vt_json_key(json, "driver");
    vt_json_string(json, strncmp(uri, "nbd", 3) == 0 ? "nbd"
                   : strncmp(uri, "https", 5) == 0 ? "https" : "http");
    vt_json_close(json, '}');
}

/* Only these formats take a word about what is behind them. */
static bool
has_backing(const char *format)
{
    static const char *const formats[] = { "qcow2", "qcow", "qed", "vmdk" };

    for (size_t i = 0; i < VT_COUNT(formats); i++) {
        if (strcmp(format, formats[i]) == 0)
            return true;
    }
    return false;
}

void
vt_server_json(const struct vt_image *image, struct vt_buf *out)
{
    struct vt_json json = VT_JSON_INIT(out);
    unsigned fd = FIRST_FD;

    for (size_t i = 0; i < image->link_count; i++) {
        const struct vt_link *link = &image->links[i];

        vt_json_open(&json, '{');
        vt_json_key(&json, "driver");
        vt_json_string(&json, link->format);
        vt_json_key(&json, "read-only");
        vt_json_bool(&json, !image->writable || i > 0);
        /* A running VM may have it: it is read all the same, but never
         * written.
         */
        if (!image->writable || i > 0) {
            vt_json_key(&json, "force-share");
            vt_json_bool(&json, true);
        }
        /* When flushing fails, QEMU goes on, and may leave counts by which
         * clusters in use are free; the next one to write destroys them.
         * Marked as dirty, the counts are worked out anew before that.
         */
        if (image->writable && i == 0 && link->can_be_dirty) {
            vt_json_key(&json, "lazy-refcounts");
            vt_json_bool(&json, true);
        }
        if (image->writable && i == 0 && image->options.no_flush) {
            vt_json_key(&json, "cache");
            vt_json_open(&json, '{');
            vt_json_key(&json, "no-flush");
            vt_json_bool(&json, true);
            vt_json_close(&json, '}');
        }
        vt_json_key(&json, "file");
        if (link->protocol != NULL)
            add_protocol(&json, link->protocol);
        else
            add_file(&json, &link->place, fd++, link->extent_count != 0);
        if (link->data.fd >= 0) {
            vt_json_key(&json, "data-file");
            add_file(&json, &link->data, fd++, false);
        }
        if (has_backing(link->format))
            vt_json_key(&json, "backing");
        /* A format without a backing file ends the chain. */
        if (i + 1 == image->link_count && has_backing(link->format))
            vt_json_null(&json);
    }
    for (size_t i = 0; i < image->link_count; i++)
        vt_json_close(&json, '}');
}

static size_t
list_descriptors(const struct vt_image *image, int listener,
                 struct vt_spawn_fd *fds)
{
    size_t count = 0;
    int to = FIRST_FD;

    fds[count++] = (struct vt_spawn_fd) { .from = listener, .to = SOCKET_FD };
    fds[count++] = (struct vt_spawn_fd) {
        .from = image->root.fd, .to = FOLDER_FD,
    };
    for (size_t i = 0; i < image->link_count; i++) {
        const int both[] = {
            image->links[i].place.fd, image->links[i].data.fd,
        };

        for (size_t k = 0; k < VT_COUNT(both); k++) {
            if (both[k] >= 0)
                fds[count++] = (struct vt_spawn_fd) {
                    .from = both[k], .to = to++,
                };
        }
    }
    return count;
}

/* ------------------------------------------------------------- Landlock */

struct allowed {
    const char *path;
    unsigned allow;
};

/* What starting takes; not every system has all of it. */
static const struct allowed system_files[] = {
    { .path = "/lib", .allow = VT_LANDLOCK_READ | VT_LANDLOCK_LIST },
    { .path = "/lib64", .allow = VT_LANDLOCK_READ | VT_LANDLOCK_LIST },
    { .path = "/usr/lib", .allow = VT_LANDLOCK_READ | VT_LANDLOCK_LIST },
    { .path = "/usr/lib64", .allow = VT_LANDLOCK_READ | VT_LANDLOCK_LIST },
    { .path = "/usr/local/lib", .allow = VT_LANDLOCK_READ | VT_LANDLOCK_LIST },
    { .path = "/etc/ld.so.cache", .allow = VT_LANDLOCK_READ },
    { .path = "/etc/ld.so.preload", .allow = VT_LANDLOCK_READ },
    { .path = "/dev/urandom", .allow = VT_LANDLOCK_READ },
    { .path = "/dev/null", .allow = VT_LANDLOCK_READ },
};

/* And what it takes to find a host. */
static const struct allowed network_files[] = {
    { .path = "/etc", .allow = VT_LANDLOCK_READ | VT_LANDLOCK_LIST },
    { .path = "/run/systemd/resolve",
      .allow = VT_LANDLOCK_READ | VT_LANDLOCK_LIST },
    { .path = "/usr/share", .allow = VT_LANDLOCK_READ | VT_LANDLOCK_LIST },
};

static int
allow_path(int ruleset, const char *path, unsigned allow,
           struct vtopo_error *err)
{
    vt_autoclose int fd = open(path, O_PATH | O_CLOEXEC);

    return fd < 0 ? 0 : vt_landlock_allow(ruleset, fd, allow, err);
}

static int
allow_paths(int ruleset, const struct allowed *rows, size_t count,
            struct vtopo_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (allow_path(ruleset, rows[i].path, rows[i].allow, err) < 0)
            return -1;
    }
    return 0;
}

/* The loader that the program at @fd names; "" for one that needs none. */
static void
read_loader(int fd, char *loader, size_t size)
{
    Elf64_Ehdr header;
    Elf64_Phdr part;

    loader[0] = '\0';
    if (pread(fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header)
        || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0
        || header.e_ident[EI_CLASS] != ELFCLASS64)
        return;
    for (unsigned i = 0; i < header.e_phnum; i++) {
        off_t at = (off_t)(header.e_phoff + i * sizeof(part));

        if (pread(fd, &part, sizeof(part), at) != (ssize_t)sizeof(part))
            return;
        if (part.p_type != PT_INTERP || part.p_filesz > size)
            continue;
        if (pread(fd, loader, part.p_filesz, (off_t)part.p_offset)
            != (ssize_t)part.p_filesz)
            loader[0] = '\0';
        loader[size - 1] = '\0';
        return;
    }
}

/* The program and its loader are all that may be executed. */
static int
allow_program(int ruleset, const char *path, struct vtopo_error *err)
{
    vt_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    char loader[256] = "";

    if (fd < 0)
        return vt_fail_errno(err, "cannot open '%s'", path);
    if (vt_landlock_allow(ruleset, fd, VT_LANDLOCK_READ | VT_LANDLOCK_EXECUTE,
                          err) < 0)
        return -1;
    read_loader(fd, loader, sizeof(loader));
    return loader[0] == '\0' ? 0
           : allow_path(ruleset, loader,
                        VT_LANDLOCK_READ | VT_LANDLOCK_EXECUTE, err);
}

/* Extents were looked at and closed: they must still be the same. */
static int
allow_extents(const struct vt_image *image, const struct vt_link *link,
              int ruleset, struct vtopo_error *err)
{
    for (size_t i = 0; i < link->extent_count; i++) {
        const struct vt_place *extent = &link->extents[i];
        vt_auto(vt_place_clear) struct vt_place now = VT_PLACE_INIT;

        if (vt_place_open(&image->root, "", extent->path, "extent",
                          image->options.allow_outside, &now, err) < 0)
            return -1;
        if (now.device != extent->device || now.inode != extent->inode)
            return vt_fail(err, VTOPO_SYSTEM,
                           "the extent '%s' was replaced while it was looked "
                           "at", extent->path);
        if (vt_landlock_allow(ruleset, now.fd,
                              VT_LANDLOCK_READ | VT_LANDLOCK_CONTROL, err) < 0)
            return -1;
    }
    return 0;
}

static int
allow_chain(const struct vt_image *image, int ruleset,
            struct vtopo_error *err)
{
    for (size_t i = 0; i < image->link_count; i++) {
        const struct vt_link *link = &image->links[i];
        const int both[] = { link->place.fd, link->data.fd };

        for (size_t k = 0; k < VT_COUNT(both); k++) {
            if (both[k] >= 0
                && vt_landlock_allow(ruleset, both[k],
                                     VT_LANDLOCK_READ | VT_LANDLOCK_CONTROL
                                     | (image->writable && i == 0
                                        ? VT_LANDLOCK_WRITE : 0), err) < 0)
                return -1;
        }
        if (allow_extents(image, link, ruleset, err) < 0)
            return -1;
    }
    return 0;
}

static int
make_ruleset(const struct vt_image *image, const char *program, bool network,
             int *ret_ruleset, struct vtopo_error *err)
{
    vt_autoclose int ruleset = -1;

    if (image->options.no_sandbox || vt_landlock_version() == 0)
        return 0;
    if (vt_landlock_open(network, &ruleset, err) < 0
        || allow_program(ruleset, program, err) < 0
        || allow_paths(ruleset, system_files, VT_COUNT(system_files), err) < 0
        || (network && allow_paths(ruleset, network_files,
                                   VT_COUNT(network_files), err) < 0)
        || allow_chain(image, ruleset, err) < 0)
        return -1;
    *ret_ruleset = ruleset;
    ruleset = -1;
    return 0;
}

/* ------------------------------------------------------------- starting */

/* Make both ends of a connection of which one has yet to be accepted.  The
 * socket has a name only for as long as this takes, in a folder of ours.
 */
static int
make_sockets(int *ret_listener, int *ret_client, struct vtopo_error *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const struct sockaddr *generic = (const struct sockaddr *)&address;
    vt_autoclose int listener = -1;
    vt_autoclose int client = -1;
    char folder[VT_FOLDER_SIZE];
    bool good;

    if (vt_make_folder(folder, err) < 0)
        return -1;
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/nbd",
                   folder);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    good = listener >= 0 && client >= 0
           && bind(listener, generic, sizeof(address)) == 0
           && listen(listener, 1) == 0
           && connect(client, generic, sizeof(address)) == 0;
    if (!good)
        (void)vt_fail_errno(err, "cannot make the socket '%s'",
                            address.sun_path);
    (void)unlink(address.sun_path);
    (void)rmdir(folder);
    if (!good)
        return -1;
    *ret_listener = listener;
    *ret_client = client;
    listener = client = -1;
    return 0;
}

static int
fail_without_program(const struct vt_image *image, struct vtopo_error *err)
{
    (void)vt_fail(err, VTOPO_SYSTEM,
                  "'" PROGRAM "' is not there, which reads disks in the format "
                  "%s", image->links[0].format);
    return vt_hint(err, "it is a part of QEMU: qemu-utils, qemu-img or "
                   "qemu-tools");
}

static int
start_program(struct vt_image *image, const char *program, int listener,
              int ruleset, bool network, struct vtopo_error *err)
{
    static const struct vt_spawn_limit limits[] = {
        { .resource = RLIMIT_AS, .value = VT_IMAGE_NBD_MEMORY },
        { .resource = RLIMIT_CPU, .value = VT_IMAGE_NBD_CPU_S },
        { .resource = RLIMIT_NOFILE, .value = VT_IMAGE_NBD_FILES },
        { .resource = RLIMIT_CORE, .value = 0 },
        { .resource = RLIMIT_FSIZE, .value = 0 },       /* unless it writes */
    };
    vt_auto(vt_buf_clear) struct vt_buf json = VT_BUF_INIT;
    char pid[] = "LISTEN_PID=0000000000";
    const char *const env[] = {
        pid, "LISTEN_FDS=1", "LC_ALL=C", "MALLOC_ARENA_MAX=2", NULL,
    };
    const char *argv[] = {
        PROGRAM, "--shared=1", NULL, NULL, NULL,
    };
    struct vt_spawn_fd fds[VT_IMAGE_CHAIN_MAX * 2 + 2];
    struct vt_spawn spawn = {
        .program = program, .argv = argv, .env = env,
        .fds = fds, .fd_count = list_descriptors(image, listener, fds),
        .no_output = true,
        .limits = limits,
        .limit_count = VT_COUNT(limits) - (image->writable ? 1 : 0),
        .cpus = &image->cpus,
        .landlock = ruleset,
        .pid_digits = strchr(pid, '=') + 1,
    };

    vt_buf_add_string(&json, "json:");
    vt_server_json(image, &json);
    if (vt_buf_check(&json, err) < 0)
        return -1;
    argv[2] = image->writable ? vt_buf_string(&json) : "--read-only";
    argv[3] = image->writable ? NULL : vt_buf_string(&json);
    /* What the worker could not have here, qemu-nbd cannot either. */
    if (!image->options.no_sandbox && image->cage.seccomp)
        spawn.filters = vt_server_filters(network, &spawn.filter_count);
    return vt_process_start(&spawn, &image->server, err);
}

int
vt_server_start(struct vt_image *image, struct vtopo_error *err)
{
    const struct vt_link *last = &image->links[image->link_count - 1];
    bool network = last->protocol != NULL;
    const char *named = image->options.qemu_nbd;
    vt_autofree char *program = vt_find_program(named != NULL ? named
                                                              : PROGRAM);
    vt_autoclose int listener = -1;
    vt_autoclose int client = -1;
    vt_autoclose int ruleset = -1;
    int rc;

    if (program == NULL)
        return vt_fail_memory(err);
    if (named == NULL && access(program, X_OK) != 0)
        return fail_without_program(image, err);
    if (make_ruleset(image, program, network, &ruleset, err) < 0
        || make_sockets(&listener, &client, err) < 0
        || start_program(image, program, listener, ruleset, network, err) < 0)
        return -1;
    /* While we held it, too, its end would not be seen. */
    (void)close(listener);
    listener = -1;
    rc = vt_process_wait(&image->server, client,
                         vt_deadline_in(VT_IMAGE_START_MS), err);
    if (rc < 0)
        return vt_wrap(err, "'%s' (%s)", image->name, image->links[0].format);
    image->socket = client;
    client = -1;
    return 0;
}
