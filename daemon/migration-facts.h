/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The migration ledger among the facts that the bus shows. */

#include "daemon/facts.h"
#include "sql/migrate.h"

/* Takes over what `migrate` knows; schema_version too. 0 or -ENOMEM. */
int migration_facts_learn(Facts *facts, const Migrate *migrate);
void migration_facts_forget(Facts *facts);
