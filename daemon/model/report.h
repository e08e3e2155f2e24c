/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What `deployd verify` has found: nine checks, each with its outcome and a detail of a few lines. */

#include "base/macro.h"
#include "base/string-table.h"

typedef enum CheckId {
        CHECK_UNSET = 0,
        CHECK_MIGRATIONS,
        CHECK_LEDGER,
        CHECK_SCHEMA,
        CHECK_FROM_NOTHING,
        CHECK_CREATION,
        CHECK_RELATIONS,
        CHECK_CONSTRAINTS,
        CHECK_CONFIGURATION,
        CHECK_UNITS,
        CHECK_MAX,
} CheckId;

/* The id that programs know a check by: `migrations`, `from-nothing`, … */
DECLARE_STRING_TABLE(check_id, CheckId);

/* What it means when the check passes. */
const char *check_title(CheckId id);

typedef enum CheckOutcome {
        CHECK_NOT_MADE = 0,
        CHECK_PASSED,
        CHECK_FAILED,
} CheckOutcome;

typedef struct Report {
        struct {
                CheckOutcome outcome;
                char *detail; /* lines joined by newlines, clean text; NULL = none */
        } checks[CHECK_MAX];
        bool out_of_memory; /* something that was to be said is not there; it has not passed then */
} Report;

void report_clear(Report *report);
#define _cleanup_report_ __attribute__((cleanup(report_clear)))

/* Adds a line to a check's detail, cleaned. */
void report_say(Report *report, CheckId id, const char *format, ...) _printf_(3, 4);

/* Likewise, and the check has failed. */
void report_fail(Report *report, CheckId id, const char *format, ...) _printf_(3, 4);

/* The check is at its end: it has passed if it has not failed, else a last line says what to do. */
void report_end(Report *report, CheckId id);

/* Whether every check was made and has passed, and nothing was lost. */
bool report_passed(const Report *report);
