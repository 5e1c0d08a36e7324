/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * cabinet.c - take files out of cabinets (see cabinet.h)
 *
 * The only file that knows libmspack, which unpacks (MSZIP, LZX and SZDD).  It
 * is given a file that is bytes of ours and one that is memory, and what it
 * reads and writes is counted.  The list of files is read by ourselves first
 * (see cabinet-list.h), and libmspack must then list the same.
 */

#include <inttypes.h>
#include <string.h>

#include <mspack.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "cabinet-list.h"
#include "cabinet.h"

#define FOLDER_SIZE    8u
#define RESERVED_MAX   (65535u + 4u * VW_CABINET_NAME_SIZE)
#define BLOCK_SIZE     32768u       /* unpacked */
#define BLOCK_ROOM     (38912u + 8u + 255u)     /* packed, and what is before */
#define SZDD_HEADER    14u
#define LZX_WINDOW_MIN 15           /* bits */
#define LZX_WINDOW_MAX 21
#define PIECE_MAX      (4u << 20)   /* of memory: an LZX window has 2 MiB */

/* -------------------------------------------------- what libmspack sees */

/* One question put to libmspack. */
struct session {
    struct mspack_system system;    /* the first: open() is handed it */
    const struct vw_bytes *bytes;
    uint64_t read_left;             /* bytes that may still be read */
    unsigned char *data;            /* what was written */
    size_t size, room, max;
    bool starved;                   /* of bytes to read */
    struct vtopo_error problem;     /* of reading or of memory */
};

#define SESSION_INIT { .problem = VTOPO_ERROR_INIT }

/* What it takes for a file: the bytes, or the memory they go to. */
struct handle {
    struct mspack_file file;        /* the first */
    struct session *session;
    uint64_t at;
    struct vw_view view;
};

/* @system may be a copy that libmspack made, so there is no session to count
 * in: how many pieces there can be, the limits of the list decide.
 */
static void *
allocate(struct mspack_system *system, size_t size)
{
    (void)system;
    /* Zeros: a window that was never filled shows nothing of ours. */
    return size <= PIECE_MAX ? calloc(1, size > 0 ? size : 1) : NULL;
}

static struct mspack_file *
open_handle(struct mspack_system *system, const char *name, int mode)
{
    struct session *session = (struct session *)system;
    struct handle *handle = calloc(1, sizeof(*handle));

    (void)name;
    (void)mode;
    if (handle == NULL)
        return NULL;
    handle->session = session;
    handle->view.bytes = session->bytes;
    return &handle->file;
}

static void
close_handle(struct mspack_file *file)
{
    free(file);
}

static int
read_handle(struct mspack_file *file, void *buffer, int size)
{
    struct handle *handle = (struct handle *)file;
    struct session *session = handle->session;
    size_t got;

    if (size < 0 || session->problem.code != VTOPO_OK)
        return -1;
    if ((unsigned)size > session->read_left) {
        session->starved = true;
        return -1;
    }
    if (vw_view_read(&handle->view, handle->at, buffer, (unsigned)size, &got,
                  &session->problem) < 0)
        return -1;
    session->read_left -= got;
    handle->at += got;
    return (int)got;
}

/* Make room for @size more bytes, twice as much as there was. */
static int
make_room(struct session *session, size_t size)
{
    size_t room = session->room > 0 ? session->room : BLOCK_SIZE;
    unsigned char *data;

    while (room - session->size < size)
        room *= 2;              /* both are below twice VW_..._UNPACK_MAX */
    if (room == session->room)
        return 0;
    data = realloc(session->data, room);
    if (data == NULL)
        return vt_fail_memory(&session->problem);
    session->data = data;
    session->room = room;
    return 0;
}

static int
write_handle(struct mspack_file *file, void *buffer, int size)
{
    struct session *session = ((struct handle *)file)->session;

    if (size < 0 || (unsigned)size > session->max - session->size
        || session->problem.code != VTOPO_OK
        || make_room(session, (unsigned)size) < 0)
        return -1;
    memcpy(session->data + session->size, buffer, (unsigned)size);
    session->size += (unsigned)size;
    return size;
}

static int
seek_handle(struct mspack_file *file, off_t offset, int mode)
{
    struct handle *handle = (struct handle *)file;
    uint64_t size = handle->view.bytes->size;
    uint64_t base = mode == MSPACK_SYS_SEEK_START ? 0
                    : mode == MSPACK_SYS_SEEK_END ? size : handle->at;
    uint64_t at = base + (uint64_t)offset;

    if ((offset < 0 && (uint64_t)-offset > base) || at > size)
        return -1;
    handle->at = at;
    return 0;
}

static off_t
tell_handle(struct mspack_file *file)
{
    return (off_t)((struct handle *)file)->at;
}

/* What it says is not for us: its errors say enough. */
static void
drop_message(struct mspack_file *file, const char *format, ...)
{
    (void)file;
    (void)format;
}

static void
copy_bytes(void *from, void *to, size_t size)
{
    memcpy(to, from, size);
}

static void
clear_session(struct session *session)
{
    free(session->data);
    vtopo_error_clear(&session->problem);
}

/* May read @read_max bytes and write @max. */
static int
start_session(struct session *session, const struct vw_bytes *bytes,
              uint64_t read_max, size_t max, struct vtopo_error *err)
{
    int mismatch;

    MSPACK_SYS_SELFTEST(mismatch);
    if (mismatch != MSPACK_ERR_OK)
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "libmspack was built for files of another kind than "
                       "this program");
    *session = (struct session) {
        .system = {
            .open = open_handle,
            .close = close_handle,
            .read = read_handle,
            .write = write_handle,
            .seek = seek_handle,
            .tell = tell_handle,
            .message = drop_message,
            .alloc = allocate,
            .free = free,
            .copy = copy_bytes,
        },
        .bytes = bytes,
        .read_left = read_max,
        .max = max,
        .problem = VTOPO_ERROR_INIT,
    };
    return 0;
}

/* Say what became of @session, for which libmspack has the word @code. */
static int
fail_session(struct session *session, int code, const char *what,
             struct vtopo_error *err)
{
    const char *why = "it is damaged";

    if (session->problem.code != VTOPO_OK) {
        *err = session->problem;
        session->problem = (struct vtopo_error)VTOPO_ERROR_INIT;
        return -1;
    }
    if (code == MSPACK_ERR_NOMEMORY || code == MSPACK_ERR_OPEN)
        return vt_fail_memory(err);
    if (session->starved)
        why = "it asks for more work than its size calls for";
    else if (code == MSPACK_ERR_READ || code == MSPACK_ERR_SEEK)
        why = "it is cut short";
    else if (code == MSPACK_ERR_CHECKSUM)
        why = "a checksum in it is wrong";
    return vt_fail(err, VTOPO_BAD_INPUT, "%s cannot be unpacked: %s", what,
                   why);
}

/* Hand over what was written. */
static int
finish_session(struct session *session, unsigned char **ret_data,
               size_t *ret_size, struct vtopo_error *err)
{
    if (session->data == NULL) {
        session->data = calloc(1, 1);       /* of no bytes at all */
        if (session->data == NULL)
            return vt_fail_memory(err);
    }
    *ret_size = session->size;
    *ret_data = vt_steal(&session->data);
    return 0;
}

/* ------------------------------------------------------------ unpacking */

/* A cabinet as libmspack has it. */
struct opened {
    struct mscab_decompressor *tool;
    struct mscabd_cabinet *cabinet;
};

static void
close_cabinet(const struct opened *opened)
{
    if (opened->cabinet != NULL)
        opened->tool->close(opened->tool, opened->cabinet);
    mspack_destroy_cab_decompressor(opened->tool);
}

/* Its entry for @record.  It may end a list early and call that success. */
static struct mscabd_file *
match_record(const struct mscabd_cabinet *cabinet,
             const struct vw_cabinet_record *record)
{
    struct mscabd_file *file = cabinet->files;

    for (unsigned i = 0; file != NULL && i < record->index; i++)
        file = file->next;
    return file != NULL && file->length == record->size
           && file->offset == record->offset
           && strcmp(file->filename, record->name) == 0 ? file : NULL;
}

/* libmspack calls a window of the wrong size a lack of memory; Quantum is
 * none that Windows packs its own files with.
 */
static int
check_method(const struct mscabd_file *file, const char *what,
             struct vtopo_error *err)
{
    int kind = file->folder->comp_type;
    int window = MSCABD_COMP_LEVEL(kind);

    switch (MSCABD_COMP_METHOD(kind)) {
    case MSCAB_COMP_NONE:
    case MSCAB_COMP_MSZIP:
        return 0;
    case MSCAB_COMP_LZX:
        if (window >= LZX_WINDOW_MIN && window <= LZX_WINDOW_MAX)
            return 0;
        break;
    default:
        break;
    }
    return vt_fail(err, VTOPO_BAD_INPUT,
                   "%s cannot be unpacked: its compression 0x%04x is none of "
                   "MSZIP and LZX", what, (unsigned)kind);
}

static int
run_session(struct session *session, const struct vw_cabinet_record *record,
            const char *what, struct vtopo_error *err)
{
    vt_auto(close_cabinet) struct opened opened = {
        .tool = mspack_create_cab_decompressor(&session->system),
    };
    struct mscabd_file *file;
    int code;

    if (opened.tool == NULL)
        return vt_fail_memory(err);
    opened.cabinet = opened.tool->open(opened.tool, "");
    if (opened.cabinet == NULL)
        return fail_session(session, opened.tool->last_error(opened.tool),
                            what, err);
    file = match_record(opened.cabinet, record);
    if (file == NULL)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "%s cannot be unpacked: the list of files is not where "
                       "it must be", what);
    if (check_method(file, what, err) < 0)
        return -1;
    code = opened.tool->extract(opened.tool, file, "");
    if (code != MSPACK_ERR_OK || session->size != record->size)
        return fail_session(session, code, what, err);
    return 0;
}

/* Unpack the file of @record, which was checked. */
static int
unpack(const struct vw_bytes *bytes, const struct vw_cabinet_header *header,
       const struct vw_cabinet_record *record, const char *what,
       unsigned char **ret_data, size_t *ret_size, struct vtopo_error *err)
{
    uint64_t end = (uint64_t)record->offset + record->size;
    /* libmspack reads as much as a name can have, and goes back. */
    uint64_t each = VW_CABINET_RECORD_SIZE + VW_CABINET_NAME_SIZE;
    uint64_t list = VW_CABINET_HEADER_SIZE + RESERVED_MAX
                    + (uint64_t)header->folders * FOLDER_SIZE
                    + header->files * each;
    uint64_t blocks = end / BLOCK_SIZE + 3;
    vt_auto(clear_session) struct session session = SESSION_INIT;

    if (start_session(&session, bytes, list + blocks * BLOCK_ROOM,
                      record->size, err) < 0
        || run_session(&session, record, what, err) < 0)
        return -1;
    return finish_session(&session, ret_data, ret_size, err);
}

int
vw_cabinet_cost(const struct vw_bytes *bytes, const char *name,
                uint64_t *ret_cost, struct vtopo_error *err)
{
    struct vw_cabinet_header header;
    struct vw_cabinet_record record;
    bool found;

    if (vw_cabinet_header(bytes, &header, err) < 0
        || vw_cabinet_find(bytes, &header, name, &record, &found, err) < 0)
        return -1;
    *ret_cost = found ? (uint64_t)record.offset + record.size : 0;
    return 0;
}

int
vw_cabinet_extract(const struct vw_bytes *bytes, const char *name,
                   size_t max, unsigned char **ret_data, size_t *ret_size,
                   bool *ret_found, struct vtopo_error *err)
{
    vt_autofree char *what = NULL;
    struct vw_cabinet_header header;
    struct vw_cabinet_record record;
    bool found;

    if (asprintf(&what, "'%s'", name) < 0) {
        what = NULL;
        return vt_fail_memory(err);
    }
    if (vw_cabinet_header(bytes, &header, err) < 0
        || vw_cabinet_find(bytes, &header, name, &record, &found, err) < 0)
        return -1;
    if (found
        && (vw_cabinet_check(&record, &header, max, what, err) < 0
            || unpack(bytes, &header, &record, what, ret_data, ret_size,
                      err) < 0))
        return -1;
    *ret_found = found;
    return 0;
}

/* ---------------------------------------------------------- setup media */

static int
expand_cabinet(const struct vw_bytes *bytes, size_t max,
               unsigned char **ret_data, size_t *ret_size,
               struct vtopo_error *err)
{
    static const char what[] = "the file in a cabinet";
    struct vw_cabinet_header header;
    struct vw_cabinet_record record;
    bool found;

    if (vw_cabinet_header(bytes, &header, err) < 0)
        return -1;
    if (header.files != 1)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "a cabinet of setup media holds %u files, it must be "
                       "one", header.files);
    if (vw_cabinet_find(bytes, &header, NULL, &record, &found, err) < 0
        || vw_cabinet_check(&record, &header, max, what, err) < 0)
        return -1;
    return unpack(bytes, &header, &record, what, ret_data, ret_size, err);
}

struct opened_szdd {
    struct msszdd_decompressor *tool;
    struct msszddd_header *file;
};

static void
close_szdd(const struct opened_szdd *opened)
{
    if (opened->file != NULL)
        opened->tool->close(opened->tool, opened->file);
    mspack_destroy_szdd_decompressor(opened->tool);
}

static int
run_szdd(struct session *session, const char *what, struct vtopo_error *err)
{
    vt_auto(close_szdd) struct opened_szdd opened = {
        .tool = mspack_create_szdd_decompressor(&session->system),
    };
    int code;

    if (opened.tool == NULL)
        return vt_fail_memory(err);
    opened.file = opened.tool->open(opened.tool, "");
    if (opened.file == NULL)
        return fail_session(session, opened.tool->last_error(opened.tool),
                            what, err);
    code = opened.tool->extract(opened.tool, opened.file, "");
    /* The size ends it, not the last byte: bits may be left over, and are
     * then one write too many.
     */
    if (session->size == session->max)
        return 0;
    return fail_session(session, code == MSPACK_ERR_OK ? MSPACK_ERR_READ
                        : code, what, err);
}

static int
expand_szdd(const struct vw_bytes *bytes, size_t max,
            unsigned char **ret_data, size_t *ret_size,
            struct vtopo_error *err)
{
    vt_auto(clear_session) struct session session = SESSION_INIT;
    unsigned char raw[SZDD_HEADER];
    uint32_t size;

    if (bytes->size < sizeof(raw))
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "a compressed file is cut short after %" PRIu64
                       " bytes", bytes->size);
    if (vw_bytes_read(bytes, 0, raw, sizeof(raw), err) < 0)
        return -1;
    size = vw_le32(raw + 10);
    if (size > max || size > VW_CABINET_UNPACK_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "a compressed file holds %" PRIu32 " bytes, at most "
                       "%zu are taken out", size, max);
    /* Two bytes make 3 at least; nothing is written for nothing. */
    if (start_session(&session, bytes, SZDD_HEADER + 2 * (uint64_t)size
                      + BLOCK_SIZE, size, err) < 0
        || run_szdd(&session, "a compressed file", err) < 0)
        return -1;
    return finish_session(&session, ret_data, ret_size, err);
}

/* The bytes as they are. */
static int
copy_whole(const struct vw_bytes *bytes, size_t max,
           unsigned char **ret_data, size_t *ret_size,
           struct vtopo_error *err)
{
    vt_autofree unsigned char *data = NULL;

    if (bytes->size > max)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "a file has %" PRIu64 " bytes, at most %zu are read",
                       bytes->size, max);
    data = malloc(bytes->size > 0 ? (size_t)bytes->size : 1);
    if (data == NULL)
        return vt_fail_memory(err);
    if (vw_bytes_read(bytes, 0, data, (size_t)bytes->size, err) < 0)
        return -1;
    *ret_size = (size_t)bytes->size;
    *ret_data = vt_steal(&data);
    return 0;
}

int
vw_expand(const struct vw_bytes *bytes, size_t max,
          unsigned char **ret_data, size_t *ret_size,
          struct vtopo_error *err)
{
    unsigned char raw[8] = { 0 };
    size_t size = bytes->size < sizeof(raw) ? (size_t)bytes->size
                                            : sizeof(raw);

    if (vw_bytes_read(bytes, 0, raw, size, err) < 0)
        return -1;
    if (memcmp(raw, "MSCF\0\0\0\0", 8) == 0)
        return expand_cabinet(bytes, max, ret_data, ret_size, err);
    if (memcmp(raw, "SZDD\x88\xf0\x27\x33", 8) == 0)
        return expand_szdd(bytes, max, ret_data, ret_size, err);
    if (memcmp(raw, "KWAJ\x88\xf0\x27\xd1", 8) == 0)
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "a file is compressed as MS-DOS 6 did (KWAJ), which "
                       "is not read");
    return copy_whole(bytes, max, ret_data, ret_size, err);
}
