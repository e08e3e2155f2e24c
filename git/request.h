/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/ticket.h"
#include "git/credential.h"
#include "git/proxy.h"
#include "git/tree.h"
#include "git/url.h"

typedef struct Request {
        Url url;
        Credential credential; /* none until credential_read(): no part of the ticket */
        Proxy proxy;
        const char *branch, *revision, *directory; /* borrowed from the ticket; empty = the default */
        bool branch_first;                         /* of a branch and a tag that `revision` names */
        const char *schemes, *local_paths, *proxy_setting, *no_proxy; /* borrowed, for submodules */
        bool submodules;                                              /* are a part of the tree */
        bool tree;                                                    /* whether the tree is wanted */
        TreeLimits limits;
        uint64_t silence_usec; /* how long a server may send nothing */
} Request;

/* Reads a request out of the ticket, which must outlive it:
 *
 *      url, schemes, local-paths       see url_parse(); the lists may be missing or empty
 *      proxy, no-proxy                 see proxy_choose(); may be missing or empty
 *      branch, revision                see revision_resolve(); may be missing or empty
 *      prefer                          branch, if the revision rather names a branch than a tag; or empty
 *      tree                            yes or no
 *      submodules                      the same, whether they are a part of the tree; missing: no
 *      directory                       see revision_find_tree(); may be missing or empty
 *      stall-timeout                   how long a server may send nothing, in microseconds
 *      max-bytes, max-files, max-depth limits of the tree, max-bytes also of what is received
 *
 * 0, or a negative errno with *problem set. The passwords in the URLs become the problem's secrets. Release
 * with request_done() in either case. */
int request_parse(const Ticket *ticket, Request *ret, Problem *problem);

void request_done(Request *request);
