/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * pe.h - what a program file of Windows says of itself
 *
 * A kernel or a HAL is asked what it is: its version resource, and whether it
 * imports a symbol.  Both are read by themselves, in blocks, and no more of
 * the file than they need.
 *
 * Only reading fails.  A file that is no PE image, or a damaged one, is an
 * answer: a status, or "unknown".
 */

#ifndef VW_PE_H
#define VW_PE_H

#include "bytes.h"

/* The limits of all that is taken from a program file, together. */
#define VW_PE_SECTIONS_MAX      96u     /* what Windows' own loader takes */
#define VW_PE_LIBRARIES_MAX     256u    /* imported from */
#define VW_PE_SYMBOLS_MAX       8192u   /* imported, from all of one name */
#define VW_PE_RESOURCES_MAX     512u    /* entries of one directory looked at */
#define VW_PE_LANGUAGES_MAX     16u     /* version resources tried */
#define VW_PE_VERSION_MAX       65536u  /* bytes of a version resource */
#define VW_PE_NODES_MAX         512u    /* blocks inside a version resource */
#define VW_PE_TEXT_SIZE         256u    /* bytes of a string, as UTF-8 */
#define VW_PE_BLOCK_SIZE        4096u   /* read at a time */
#define VW_PE_BLOCKS_MAX        2048u   /* read to answer one question */
#define VW_PE_ZEROS_LOOK        65536u  /* zeros before a file is "zeros" */

enum vw_pe_status {
    VW_PE_IMAGE,                /* a PE image, of 32 or 64 bits */
    VW_PE_EMPTY,                /* no bytes at all */
    VW_PE_ZEROS,                /* begins with nothing but zeros: the content
                                 * is elsewhere, as with WOF compression */
    VW_PE_NOT_PE,               /* anything else, also a PE image cut short */
};

enum vw_pe_answer {
    VW_PE_UNKNOWN,              /* damaged, or beyond the limits */
    VW_PE_NO,
    VW_PE_YES,
};

struct vw_pe_range {
    uint32_t address;           /* from the start of the image in memory */
    uint32_t size;
};

struct vw_pe_section {
    struct vw_pe_range memory;
    uint32_t offset;            /* in the file */
    uint32_t size;
};

struct vw_pe {
    const struct vw_bytes *bytes;       /* borrowed */
    enum vw_pe_status status;

    /* All below is zero unless the status is VW_PE_IMAGE. */
    bool is_64_bit;
    uint16_t machine;           /* 0x14c x86, 0x8664 x86_64, 0xaa64 aarch64 */
    uint16_t characteristics;
    uint16_t subsystem;
    uint32_t timestamp;
    uint32_t checksum;          /* as the header has it */

    uint32_t headers_size;
    struct vw_pe_range imports;
    struct vw_pe_range resources;
    struct vw_pe_section sections[VW_PE_SECTIONS_MAX];
    unsigned section_count;
};

/* Read the headers of @bytes, which must outlive @ret_pe. */
int vw_pe_open(const struct vw_bytes *bytes, struct vw_pe *ret_pe,
               struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* The checksum that the header of the image @data should have; 0 where there
 * is no header.  NTLDR starts no kernel and no HAL with another one.
 */
uint32_t vw_pe_sum(const unsigned char *data, size_t size)
    __attribute__((nonnull));

/* ------------------------------------------------------------- imports */

struct vw_pe_import {
    enum vw_pe_answer library;  /* does it import anything from the library */
    enum vw_pe_answer symbol;   /* and the symbol, by its name */
};

/* Ask whether @pe imports @symbol from @library (in any case of letters). */
int vw_pe_find_import(const struct vw_pe *pe, const char *library,
                      const char *symbol, struct vw_pe_import *ret_import,
                      struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* ------------------------------------------------------------- version */

struct vw_pe_version {
    enum vw_pe_answer found;    /* VW_PE_YES: a version resource was read */

    bool has_numbers;           /* the fixed part is there: */
    uint16_t file[4];           /* 5.1.2600.5512 */
    uint16_t product[4];
    uint32_t flags;             /* those that the resource says are valid */
    bool is_debug;              /* a checked build */

    /* UTF-8, empty where absent, cut to their size. */
    char original_filename[VW_PE_TEXT_SIZE];
    char internal_name[VW_PE_TEXT_SIZE];
    char file_description[VW_PE_TEXT_SIZE];
    char file_version[VW_PE_TEXT_SIZE];
};

/* Parse the @size bytes of a version resource at @data; found is VW_PE_YES or
 * VW_PE_UNKNOWN.
 */
void vw_pe_parse_version(const unsigned char *data, size_t size,
                         struct vw_pe_version *ret_version)
    __attribute__((nonnull));

/* Read the version resource: of the languages, the first that can be read. */
int vw_pe_read_version(const struct vw_pe *pe,
                       struct vw_pe_version *ret_version,
                       struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* ------------------------------------------------------------- kernels */

enum vw_pe_kernel {
    VW_PE_KERNEL_UNKNOWN,
    VW_PE_KERNEL_UNIPROCESSOR,
    VW_PE_KERNEL_MULTIPROCESSOR,
};

/* What the HAL's function is that only a multiprocessor kernel imports. */
#define VW_PE_START_LIBRARY     "hal.dll"
#define VW_PE_START_SYMBOL      "HalStartNextProcessor"

/* Whether an NT kernel is a multiprocessor one: @start tells whether it
 * imports VW_PE_START_SYMBOL, @version whose name it bears.
 *
 * The import alone proves it.  Its absence proves something in NT 5 and
 * before only, as later kernels need not import it; and where the absence
 * contradicts the name, it is unknown.
 */
enum vw_pe_kernel vw_pe_judge_kernel(const struct vw_pe_import *start,
                                     const struct vw_pe_version *version)
    __attribute__((nonnull));

/* Both questions to @pe, and the judgement. */
int vw_pe_read_kernel(const struct vw_pe *pe, enum vw_pe_kernel *ret_kernel,
                      struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

#endif /* VW_PE_H */
