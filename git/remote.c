/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "git/remote.h"

#include <inttypes.h>
#include <string.h>

#include "base/git-address.h"
#include "base/text.h"
#include "git/progress.h"
#include "git/revision.h"
#include "git/ssh.h"
#include "git/stream.h"

/* Each is a file in the mirror. The busiest public repositories have some ten thousand; more is a mistake or
 * an attack on our inodes. */
#define REFERENCES_MAX 100000

typedef struct Transfer {
        const RemoteAccess *access;
        const Url *url;
        const Proxy *proxy;
        uint64_t max_bytes;
        Progress progress;
        Problem *problem;
        bool asked;   /* the password was given already */
        bool refused; /* a callback ended the transfer and *problem says why */
} Transfer;

/* What the server is given: what the address has brought, else the repository's own; NULL = none. */
static const char *transfer_secret(const Transfer *transfer)
{
        const Credential *credential = transfer->access->credential;

        return transfer->url->password ? transfer->url->password : credential ? credential->token : NULL;
}

static int transfer_refuse(Transfer *transfer, const char *sentence)
{
        transfer->refused = true;
        (void) problem_set(transfer->problem, PROBLEM_REMOTE, "%s", sentence);
        return GIT_EAUTH;
}

/* Of a submodule nothing can be done about it. */
static const char *missing_secret(const Credential *credential)
{
        if (!credential)
                return "authentication is required, and a submodule has no credential";
        if (credential->misplaced)
                return CREDENTIAL_MISPLACED;
        return "authentication is required, and no credential is known (a repository that does not exist may look "
               "the same): 'deployctl repo credential NAME' gives one";
}

/* The server wants a login. It gets one once. */
static int credentials_acquire(git_credential **ret, const char *url, const char *user, unsigned allowed,
                               void *userdata)
{
        Transfer *transfer = userdata;
        const char *secret = transfer_secret(transfer);

        (void) url;
        if (!secret)
                return transfer_refuse(transfer, missing_secret(transfer->access->credential));
        if (transfer->asked)
                return transfer_refuse(transfer, "the server refused the user name and password");
        if (!(allowed & GIT_CREDENTIAL_USERPASS_PLAINTEXT))
                return transfer_refuse(transfer,
                                       "the server asks for a kind of authentication that is not supported");
        transfer->asked = true;
        return git_credential_userpass_plaintext_new(ret,
                                                     transfer->url->user   ? transfer->url->user
                                                     : text_is_empty(user) ? "git"
                                                                           : user,
                                                     secret);
}

/* TLS certificates are judged by libgit2 against the system's authorities. Nothing else has one: ssh(1)
 * knows the hosts. */
static int certificate_check(git_cert *certificate, int valid, const char *host, void *userdata)
{
        Transfer *transfer = userdata;

        (void) valid;
        if (certificate->cert_type == GIT_CERT_X509)
                return GIT_PASSTHROUGH;
        transfer->refused = true;
        (void) problem_set(transfer->problem, PROBLEM_REMOTE, "the host key of %s is not known", host);
        return GIT_ECERTIFICATE;
}

/* The proxy wants a login. libgit2 has tried the one in its address, if there is one. */
static int proxy_credentials_acquire(git_credential **ret, const char *url, const char *user,
                                     unsigned allowed, void *userdata)
{
        Transfer *transfer = userdata;

        (void) ret;
        (void) url;
        (void) user;
        (void) allowed;
        transfer->refused = true;
        (void) problem_set(transfer->problem, PROBLEM_REMOTE,
                           transfer->proxy->parts.password
                                   ? "the user name and password were refused by %s"
                                   : "a user name and password, as in http://USER:PASSWORD@HOST:PORT, are "
                                     "asked for by %s",
                           transfer->proxy->description);
        return GIT_EAUTH;
}

static int transfer_advance(const git_indexer_progress *stats, void *userdata)
{
        Transfer *transfer = userdata;
        SizeText size;

        if (stats->received_bytes > transfer->max_bytes) {
                transfer->refused = true;
                (void) problem_set(transfer->problem, PROBLEM_LIMIT, "the repository is larger than %s",
                                   text_size(transfer->max_bytes, size));
                return GIT_EUSER;
        }
        if (stats->total_objects == 0)
                return 0;
        if (stats->received_objects < stats->total_objects)
                progress_say(&transfer->progress, "receiving objects: %" PRIu64 " %% (%s)",
                             (uint64_t) stats->received_objects * 100 / stats->total_objects,
                             text_size(stats->received_bytes, size));
        else if (stats->total_deltas > 0)
                progress_say(&transfer->progress, "resolving deltas: %" PRIu64 " %%",
                             (uint64_t) stats->indexed_deltas * 100 / stats->total_deltas);
        return 0;
}

/* What ssh(1) or our stream know better than libgit2. Negative with *problem set; 0 if that is nothing. */
static int connection_problem(const Transfer *transfer)
{
        int r = transfer->url->ssh ? ssh_problem(transfer->problem) : 0;

        return r == 0 && stream_is_silent() ? problem_set(transfer->problem, PROBLEM_REMOTE, STREAM_SILENCE,
                                                          transfer->access->silence_usec / USEC_PER_SEC)
                                            : r;
}

/* What libgit2 said after the connection stood. By the class of the error it is about the network, or about
 * what came over it and the mirror: a pack is completed with objects of the mirror, and libgit2 does not
 * tell which of them is damaged. A mirror just made is not the fault. */
static int transfer_problem(const Transfer *transfer, const Mirror *mirror)
{
        const git_error *error = git_error_last();
        int r = connection_problem(transfer);

        if (r < 0)
                return r;
        switch (error ? error->klass : GIT_ERROR_NONE) {
        case GIT_ERROR_NET:
        case GIT_ERROR_HTTP:
        case GIT_ERROR_SSH:
        case GIT_ERROR_SSL:
                return problem_set_git(transfer->problem, PROBLEM_REMOTE);
        case GIT_ERROR_INDEXER:
        case GIT_ERROR_ZLIB:
                return problem_set_git(transfer->problem, mirror->fresh ? PROBLEM_REMOTE : PROBLEM_MIRROR);
        case GIT_ERROR_OS:
        case GIT_ERROR_FILESYSTEM:
        case GIT_ERROR_NOMEMORY:
                return problem_set_git(transfer->problem, mirror->fresh ? PROBLEM_INTERNAL : PROBLEM_MIRROR);
        default:
                return problem_set_git(transfer->problem, PROBLEM_MIRROR);
        }
}

/* HEAD of the mirror becomes what HEAD of the remote is. */
static int head_follow(Mirror *mirror, git_remote *remote, Transfer *transfer)
{
        git_reference *head = NULL;
        git_buf name = GIT_BUF_INIT;
        const char *target = REVISION_NO_DEFAULT;
        int r;

        r = git_remote_default_branch(&name, remote);
        if (r < 0 && r != GIT_ENOTFOUND)
                return transfer_problem(transfer, mirror);
        if (r == 0 && strncmp(name.ptr, REVISION_BRANCHES, strlen(REVISION_BRANCHES)) == 0)
                target = name.ptr;
        r = git_reference_symbolic_create(&head, mirror->repository, "HEAD", target, /* force= */ 1, NULL);
        git_reference_free(head);
        git_buf_dispose(&name);
        return r < 0 ? transfer_problem(transfer, mirror) : 0;
}

static int fetch_connected(Mirror *mirror, git_remote *remote, const git_fetch_options *options,
                           Transfer *transfer)
{
        static char heads[] = "+refs/heads/*:refs/heads/*", tags[] = "+refs/tags/*:refs/tags/*";
        char *specs[] = { heads, tags };
        const git_strarray refspecs = { specs, ELEMENTSOF(specs) };
        const git_remote_head **advertised;
        size_t n_advertised;

        if (git_remote_ls(&advertised, &n_advertised, remote) < 0)
                return transfer_problem(transfer, mirror);
        if (n_advertised == 0)
                return problem_set(transfer->problem, PROBLEM_REVISION,
                                   "the repository is empty: it has no commit yet");
        if (n_advertised > REFERENCES_MAX)
                return problem_set(transfer->problem, PROBLEM_LIMIT,
                                   "the repository has %zu branches and tags, more than %d", n_advertised,
                                   REFERENCES_MAX);

        if (git_remote_download(remote, &refspecs, options) < 0)
                return transfer->refused ? -ECANCELED : transfer_problem(transfer, mirror);
        /* First what is gone: it may stand in the way of what is new (`a` before `a/b`). */
        if (git_remote_prune(remote, &options->callbacks) < 0 ||
            git_remote_update_tips(remote, &options->callbacks, /* update_fetchhead= */ 0,
                                   GIT_REMOTE_DOWNLOAD_TAGS_NONE, NULL) < 0)
                return transfer_problem(transfer, mirror);
        return head_follow(mirror, remote, transfer);
}

/* No environment or configuration has a say. */
static void proxy_setup(Transfer *transfer, git_proxy_options *ret)
{
        ret->type = transfer->proxy->url ? GIT_PROXY_SPECIFIED : GIT_PROXY_NONE;
        ret->url = transfer->proxy->url;
        ret->credentials = proxy_credentials_acquire;
        ret->certificate_check = certificate_check;
        ret->payload = transfer;
}

/* How libgit2 connects. 0, or negative with *problem set. */
static int transport_setup(const Transfer *transfer)
{
        int r = stream_setup(transfer->access->silence_usec, transfer->problem);

        if (r >= 0 && transfer->url->ssh)
                return ssh_setup(transfer->url, transfer->access->credential, transfer->access->silence_usec,
                                 transfer->problem);
        if (r >= 0 && transfer->url->http && transfer_secret(transfer) &&
            !git_address_takes_password(transfer->url->address))
                return problem_set(
                        transfer->problem, PROBLEM_REMOTE,
                        "a password or token is sent over https only: everybody on the way could read it");
        if (r >= 0 && transfer->proxy->url && !transfer->url->tls)
                return stream_connect_to_proxy(transfer->proxy, transfer->problem);
        stream_connect_directly();
        return r;
}

static int remote_connect(Mirror *mirror, git_remote *remote, const git_fetch_options *fetch,
                          Transfer *transfer)
{
        git_remote_connect_options connect = GIT_REMOTE_CONNECT_OPTIONS_INIT;
        int r;

        connect.callbacks = fetch->callbacks;
        connect.proxy_opts = fetch->proxy_opts;
        connect.follow_redirects = fetch->follow_redirects;
        progress_say(&transfer->progress, "connecting");
        if (git_remote_connect_ext(remote, GIT_DIRECTION_FETCH, &connect) >= 0)
                return fetch_connected(mirror, remote, fetch, transfer);
        if (transfer->refused)
                return -ECANCELED;
        r = connection_problem(transfer);
        return r < 0 ? r : problem_set_git(transfer->problem, PROBLEM_REMOTE);
}

int remote_fetch(Mirror *mirror, const Url *url, const Proxy *proxy, const RemoteAccess *access,
                 uint64_t max_bytes, Problem *problem)
{
        git_remote_create_options create = GIT_REMOTE_CREATE_OPTIONS_INIT;
        git_fetch_options fetch = GIT_FETCH_OPTIONS_INIT;
        Transfer transfer = {
                .access = access, .url = url, .proxy = proxy, .max_bytes = max_bytes, .problem = problem
        };
        git_remote *remote = NULL;
        int r;

        assert(mirror);
        assert(mirror->repository);
        assert(url);
        assert(proxy);
        assert(access);
        assert(problem);

        proxy_setup(&transfer, &fetch.proxy_opts);
        fetch.callbacks.credentials = credentials_acquire;
        fetch.callbacks.certificate_check = certificate_check;
        fetch.callbacks.transfer_progress = transfer_advance;
        fetch.callbacks.payload = &transfer;
        fetch.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
        fetch.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
        fetch.update_fetchhead = 0;

        r = url->local ? 0 : transport_setup(&transfer);
        if (r < 0)
                return r;
        create.repository = mirror->repository;
        create.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF | GIT_REMOTE_CREATE_SKIP_DEFAULT_FETCHSPEC;
        if (git_remote_create_with_opts(&remote, url->address, &create) < 0)
                return problem_set_git(problem, PROBLEM_INTERNAL);
        r = remote_connect(mirror, remote, &fetch, &transfer);
        git_remote_free(remote);
        return r;
}
