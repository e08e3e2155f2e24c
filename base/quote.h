/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A sentence may end with what a program of strangers has printed, which may have secrets in it: who may not
 * read logs does not get that. Until the sentence is stored, this stands before the end; no text from
 * outside has it, for it is a control character. */
#define QUOTE_MARK "\x1f"

/* Cuts the sentence at its mark. What stood behind, within the sentence's memory; "" if it had none. NULL is
 * given back for NULL. */
char *quote_cut(char *sentence);
