/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * report.h - JSON lines on what the probe is and what it found
 */

#ifndef PROBE_REPORT_H
#define PROBE_REPORT_H

#include <stdint.h>

/* The line that comes before anything is started. */
void report_banner(void);

/* A line for each processor, and one with the sums. */
void report_cpus(void);

/* How many were taken down later. */
void report_offline(uint32_t count);

#endif
