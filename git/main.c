/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* deployd-fetch: brings the mirror of one repository up to date, finds the commit that was asked for, and
 * writes its tree as tar to standard output. Standard input is the ticket (base/ticket.h) with the request
 * (git/request.h), to which the answer is appended:
 *
 *      commit, head, branch    the commit of the revision, the commit and the name of the default branch
 *                              (both empty if there is none)
 *      files, bytes            of the tree, if it was wanted
 *      warning.N               from 1 on: what is odd about it (git/remark.h)
 *
 *      error, kind             instead of these, if it failed: a sentence for people (git/problem.h), and
 *                              remote, revision, limit, tree or internal
 *
 * `deployd-fetch resolve` does the same without the network, from the mirror as it is.
 *
 * `deployd-fetch key` makes a key: the private half goes to standard output, and the answer has the line of
 * the other, `public`. The ticket is empty. */

#include <git2.h>
#include <inttypes.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/text.h"
#include "git/key.h"
#include "git/modules.h"
#include "git/progress.h"
#include "git/remote.h"
#include "git/request.h"
#include "git/revision.h"
#include "git/tar.h"

/* Parts of packs mapped at a time, and all together: what is mapped counts as our memory. libgit2's own
 * values, 1 GiB and 8 GiB, are made for machines that do nothing else. */
#define MAPPED_WINDOW ((size_t) 32 * 1024 * 1024)
#define MAPPED_TOTAL  ((size_t) 256 * 1024 * 1024)

/* Trees and commits kept after they were read once. */
#define CACHE_SIZE ((ssize_t) 32 * 1024 * 1024)

/* libgit2 keeps about a hundred bytes for each object while it receives a pack. The kernel's repository,
 * with its 10 million objects, is larger than any app's. */
#define PACK_OBJECTS_MAX ((size_t) 10 * 1000 * 1000)

/* libgit2's own bound for one object. */
#define OBJECT_SIZE_MAX ((uint64_t) INT32_MAX)

typedef enum Verb {
        VERB_FETCH,
        VERB_RESOLVE,
        VERB_KEY,
} Verb;

/* Global settings of libgit2: nobody's configuration is read but the mirror's own. 0 or negative with
 * *problem set. */
static int library_setup(const Request *request, Problem *problem)
{
        static const int levels[] = { GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM,
                                      GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL };
        uint64_t object_size = MIN2(request->limits.bytes, OBJECT_SIZE_MAX);
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(levels); i++)
                r = git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "");
        if (r < 0 || git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, MAPPED_WINDOW) < 0 ||
            git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, MAPPED_TOTAL) < 0 ||
            git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, CACHE_SIZE) < 0 ||
            git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECTS, PACK_OBJECTS_MAX) < 0 ||
            git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECT_SIZE, (size_t) object_size) < 0)
                return problem_set_git(problem, PROBLEM_INTERNAL);

        /* Local repositories belong to those who push to them; which may be read is the administrator's word
         * (local-paths), and the mirror lies in a directory only we can write to. */
        if (request->url.local && git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0) < 0)
                return problem_set_git(problem, PROBLEM_INTERNAL);
        return 0;
}

static int answer_success(const Revision *revision, const TreeCount *count, Ticket *answer)
{
        char commit[GIT_OID_HEXSZ + 1], head[GIT_OID_HEXSZ + 1] = "";
        int r;

        (void) git_oid_tostr(commit, sizeof(commit), &revision->commit);
        if (revision->branch)
                (void) git_oid_tostr(head, sizeof(head), &revision->head);

        r = ticket_set(answer, "commit", commit);
        if (r >= 0)
                r = ticket_set(answer, "head", head);
        if (r >= 0)
                r = ticket_set(answer, "branch", text_or_empty(revision->branch));
        if (r >= 0 && count)
                r = ticket_set_u64(answer, "files", count->files);
        if (r >= 0 && count)
                r = ticket_set_u64(answer, "bytes", count->bytes);
        return r;
}

/* Everything that comes after the fetch: the mirror is only read. */
static int answer_request(git_repository *repository, const char *directory, bool fetch,
                          const Request *request, Ticket *answer, Problem *problem)
{
        _cleanup_(revision_done) Revision revision = { .branch = NULL };
        _cleanup_(modules_done) Modules modules = { .n = 0 };
        _cleanup_(remarks_done) Remarks remarks = { .n = 0 };
        Progress progress = { 0 };
        TreeCount count = { 0 };
        SizeText size;
        git_oid tree;
        int r;

        r = revision_resolve(repository, request->branch, request->revision, request->branch_first,
                             &revision, &remarks, problem);
        if (r < 0)
                return r;
        if (request->tree) {
                r = revision_find_tree(repository, &revision.commit, request->directory, &tree, problem);
                if (r >= 0)
                        r = tree_count(repository, &tree, &request->limits, &count, problem);
                if (r >= 0 && request->submodules)
                        r = modules_open(&modules, directory, request, fetch, repository, &revision.commit,
                                         &tree, &count, problem);
                if (r < 0)
                        return r;
                progress_say(&progress, "writing %" PRIu64 " file%s (%s)", count.files,
                             count.files == 1 ? "" : "s", text_size(count.bytes, size));
                r = tar_write(repository, &tree, &modules, STDOUT_FILENO, &remarks, problem);
                if (r < 0)
                        return r;
                log_info("The tree of commit %s has %" PRIu64 " file%s (%s).",
                         git_oid_tostr_s(&revision.commit), count.files, count.files == 1 ? "" : "s",
                         text_size(count.bytes, size));
        }
        if (answer_success(&revision, request->tree ? &count : NULL, answer) < 0)
                return problem_set(problem, PROBLEM_REVISION,
                                   "the name of the default branch has control characters or invalid UTF-8");
        return ticket_set_list(answer, "warning", remarks.sentences, remarks.n) < 0
                       ? problem_out_of_memory(problem)
                       : 0;
}

/* The request failed, but not by the mirror, which is complete. Returns `error`. */
static int complete_despite(Mirror *mirror, int error)
{
        Problem problem = { .kind = PROBLEM_INTERNAL };

        if (mirror_complete(mirror, &problem) < 0)
                log_warning("Ignoring: %s", text_or_empty(problem.text));
        problem_clear(&problem);
        return error;
}

static int request_fetch(const Request *request, const char *directory, Ticket *answer, Problem *problem)
{
        const RemoteAccess access = { &request->credential, request->silence_usec };
        _cleanup_(mirror_close) Mirror mirror = MIRROR_INIT;
        uint64_t max_bytes = request->limits.bytes;
        bool fetched;
        int r;

        r = mirror_open_to_fetch(&mirror, directory, max_bytes, problem);
        if (r < 0)
                return r;
        for (;;) {
                r = remote_fetch(&mirror, &request->url, &request->proxy, &access, max_bytes, problem);
                fetched = r >= 0;
                if (fetched)
                        r = answer_request(mirror.repository, directory, /* fetch= */ true, request, answer,
                                           problem);
                if (r >= 0)
                        return mirror_complete(&mirror, problem);
                if (problem->kind != PROBLEM_MIRROR)
                        return fetched ? complete_despite(&mirror, r) : r;
                /* Nothing in it is old: it came like this. */
                if (mirror.fresh)
                        return problem_set(problem, PROBLEM_REMOTE, "the repository is damaged: %s",
                                           problem->text);
                log_notice("Making the copy of the repository again: %s.", problem->text);
                r = mirror_renew(&mirror, problem);
                if (r < 0)
                        return r;
        }
}

static int request_resolve(const Request *request, const char *directory, Ticket *answer, Problem *problem)
{
        _cleanup_(mirror_close) Mirror mirror = MIRROR_INIT;
        int r;

        r = mirror_open_to_read(&mirror, directory, problem);
        if (r >= 0)
                r = answer_request(mirror.repository, directory, /* fetch= */ false, request, answer,
                                   problem);
        if (r >= 0 || problem->kind != PROBLEM_MIRROR)
                return r;
        mirror_mark_damaged(&mirror);
        return problem_set(problem, PROBLEM_INTERNAL,
                           "the copy of the repository is damaged, the next fetch makes it again: %s",
                           problem->text);
}

static int key_run(Ticket *answer, Problem *problem)
{
        _cleanup_free_ char *public_half = NULL;
        int r = key_make(STDOUT_FILENO, &public_half, problem);

        if (r < 0)
                return r;
        return ticket_set(answer, "public", public_half) < 0 ? problem_out_of_memory(problem) : 0;
}

static int request_run(Verb verb, Request *request, const Ticket *ticket, Ticket *answer, Problem *problem)
{
        const char *directory = getenv("CACHE_DIRECTORY");
        int r;

        if (text_is_empty(directory))
                return problem_set(problem, PROBLEM_INTERNAL, "CACHE_DIRECTORY is not set");
        r = request_parse(ticket, request, problem);
        if (r < 0)
                return r;
        if (verb == VERB_FETCH)
                r = credential_read(request->url.address, &request->credential, problem);
        if (r >= 0)
                r = library_setup(request, problem);
        if (r < 0)
                return r;
        return verb == VERB_FETCH ? request_fetch(request, directory, answer, problem)
                                  : request_resolve(request, directory, answer, problem);
}

/* Runs the request of the ticket and fills the answer. 0 or a negative errno; the answer is there in either
 * case unless memory is short. */
static int request_answer_ticket(Verb verb, Ticket *answer)
{
        _cleanup_(ticket_freep) Ticket *ticket = NULL;
        Request request = { .tree = false };
        Problem problem = { .kind = PROBLEM_INTERNAL };
        int r;

        r = ticket_read(STDIN_FILENO, TICKET_REQUEST, &ticket);
        if (r < 0)
                r = problem_set(&problem, PROBLEM_INTERNAL, "cannot read the request: %s", strerror(-r));
        else if (verb == VERB_KEY)
                r = key_run(answer, &problem);
        else
                r = request_run(verb, &request, ticket, answer, &problem);
        if (r < 0) {
                log_error("%s", problem.text ? problem.text : "out of memory");
                if (ftruncate(STDOUT_FILENO, 0) < 0)
                        log_debug("Cannot empty the file of the tree, ignoring: %s", strerror(errno));
                (void) ticket_set(answer, "error", problem.text ? problem.text : "out of memory");
                (void) ticket_set(answer, "kind", problem_kind_to_string(problem.kind));
        }
        problem_clear(&problem);
        request_done(&request);
        return r;
}

static int parse_verb(int argc, char *argv[], Verb *ret)
{
        if (argc != 2)
                return -EINVAL;
        if (strcmp(argv[1], "fetch") == 0)
                *ret = VERB_FETCH;
        else if (strcmp(argv[1], "resolve") == 0)
                *ret = VERB_RESOLVE;
        else if (strcmp(argv[1], "key") == 0)
                *ret = VERB_KEY;
        else
                return -EINVAL;
        return 0;
}

int main(int argc, char *argv[])
{
        _cleanup_(ticket_freep) Ticket *answer = NULL;
        Verb verb;
        int r, written;

        if (parse_verb(argc, argv, &verb) < 0) {
                (void) fprintf(stderr, "Usage: deployd-fetch fetch|resolve|key\n");
                return EXIT_FAILURE;
        }
        (void) umask(0077);
        /* A full disk and a closed connection come back as errors. */
        (void) signal(SIGXFSZ, SIG_IGN);
        (void) signal(SIGPIPE, SIG_IGN);
        /* libarchive converts names to the character set of the locale on its way to the archive. */
        if (!setlocale(LC_CTYPE, "C.UTF-8"))
                log_warning("The locale C.UTF-8 is missing; names that are not ASCII may be refused.");

        answer = ticket_new();
        if (!answer || git_libgit2_init() < 0) {
                log_error("Cannot start: out of memory");
                return EXIT_FAILURE;
        }
        r = request_answer_ticket(verb, answer);
        written = ticket_write(answer, STDIN_FILENO);
        if (written < 0)
                log_error("Cannot write the answer: %s", strerror(-written));
        (void) git_libgit2_shutdown();
        return r < 0 || written < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
