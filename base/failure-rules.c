/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/failure-rules.h"

#include <ctype.h>
#include <fnmatch.h>
#include <string.h>

#define TRAILER(text)                 \
        {                             \
                text, FAILURE_TRAILER \
        }
#define NOTICE(text)                 \
        {                            \
                text, FAILURE_NOTICE \
        }
#define RESULT(text)                 \
        {                            \
                text, FAILURE_RESULT \
        }
#define LIKELY(text)                 \
        {                            \
                text, FAILURE_LIKELY \
        }
#define ERROR(text)                 \
        {                           \
                text, FAILURE_ERROR \
        }
#define FIRST_ERROR(text)                          \
        {                                          \
                text, FAILURE_ERROR, .first = true \
        }
#define HEADING(text)                                \
        {                                            \
                text, FAILURE_ERROR, .heading = true \
        }
#define BEHIND(text)                                                                \
        {                                                                           \
                text "*", FAILURE_LIKELY, .first = true, .prefix = sizeof(text) - 1 \
        }

/* The first one that matches counts: exceptions stand before what they are exceptions of. */
static const FailureRule rules[] = {
        /* buildpacks: a heading, and how a tool ended */
        NOTICE("-----> *"),
        RESULT("* exited with status [0-9]*"),

        /* Node.js, V8 */
        TRAILER("Node.js v[0-9]*"),
        TRAILER("at *(*)*"),
        TRAILER("at *:[0-9]*"),
        TRAILER("at <anonymous>*"),
        TRAILER("... [0-9]* lines matching cause stack trace ..."),
        TRAILER("Emitted 'error' event *"),
        TRAILER("(Use `node *"),
        TRAILER("Require stack:"),
        TRAILER("node:internal/*:[0-9]*"),
        TRAILER("throw er*;*"),
        NOTICE("(node:[0-9]*) *"),
        ERROR("*\\[cause\\]: *"),
        ERROR("*Rejection: *"),
        ERROR("*Error \\[*\\]: *"),

        /* npm, pnpm, yarn */
        TRAILER("npm ERR!"),
        TRAILER("npm error"),
        TRAILER("npm ERR! code *"),
        TRAILER("npm error code *"),
        TRAILER("npm ERR! errno *"),
        TRAILER("npm error errno *"),
        TRAILER("npm ERR! syscall *"),
        TRAILER("npm error syscall *"),
        TRAILER("npm ERR! path *"),
        TRAILER("npm error path *"),
        TRAILER("npm ERR! command *"),
        TRAILER("npm error command *"),
        TRAILER("npm ERR! A complete log *"),
        TRAILER("npm error A complete log *"),
        TRAILER("npm ERR! *-debug-[0-9]*.log"),
        TRAILER("npm notice*"),
        NOTICE("npm WARN *"),
        NOTICE("npm warn *"),
        RESULT("npm ERR! Lifecycle script *"),
        RESULT("npm error Lifecycle script *"),
        /* yarn 2 and later numbers what it says: 0 is of its steps, 28 of the lock file, line by line; a
         * line of a package's script has STDOUT or STDERR behind its number */
        NOTICE("➤ YN0000: *STDOUT *"),
        ERROR("➤ YN0000: *STDERR *"),
        NOTICE("➤ YN0000: *"),
        NOTICE("➤ YN0028: │ [-+]*"),
        NOTICE("➤ YN0085: *"),
        NOTICE("➤ YN0013: *"),
        NOTICE("➤ YN0007: *"),
        LIKELY("➤ YN[0-9]*: *"),
        ERROR("*ERR_PNPM_* *"),
        BEHIND("npm ERR! "),
        BEHIND("npm error "),
        { "> *", FAILURE_NOTICE, .first = true },
        NOTICE("$ *"),
        NOTICE("yarn run v[0-9]*"),
        NOTICE("info *"),
        RESULT("error Command failed *"),
        RESULT("*ELIFECYCLE*Command failed *"),

        /* Python, and its logging */
        { "*Traceback (most recent call last):", FAILURE_TRAILER, .trace = true },
        TRAILER("File \"*\", line [0-9]*"),
        TRAILER("During handling of the above exception, another exception occurred:"),
        TRAILER("The above exception was the direct cause of the following exception:"),
        NOTICE("DEBUG:*"),
        NOTICE("INFO:*"),
        NOTICE("WARNING:[a-zA-Z_]*:*"),
        ERROR("CRITICAL:*"),

        /* gunicorn */
        NOTICE("*\\[DEBUG\\] *"),
        NOTICE("*\\[INFO\\] *"),
        NOTICE("*\\[WARNING\\] *"),
        RESULT("*\\[ERROR\\] Exception in worker process"),
        RESULT("*\\[ERROR\\] Worker (pid:*"),
        RESULT("*\\[ERROR\\] Reason: *"),
        RESULT("*\\[ERROR\\] Shutting down: *"),
        RESULT("*\\[ERROR\\] Retrying in *"),
        LIKELY("*\\[ERROR\\] Can't connect to *"),
        LIKELY("*\\[CRITICAL\\] *"),
        ERROR("Failed to find attribute *"),

        /* pip, setuptools */
        ERROR("WARNING: Retrying (*after connection broken by *"),
        TRAILER("ERROR: No matching distribution found *"),
        LIKELY("ERROR: Could not find a version *"),
        RESULT("ERROR: Failed building wheel *"),
        RESULT("ERROR: Could not build wheels *"),
        RESULT("error: subprocess-exited-with-error"),
        RESULT("error: metadata-generation-failed"),
        RESULT("× *"),
        TRAILER("│ *"),
        TRAILER("╭─*"),
        TRAILER("╰─*"),
        TRAILER("\\[end of output\\]"),
        TRAILER("\\[notice\\] *"),

        /* Rust, Cargo */
        ERROR("thread '*' *panicked at '*', *"),
        HEADING("thread '*' *panicked at *:"),
        TRAILER("stack backtrace:"),
        TRAILER("[0-9]*: *::*"),
        TRAILER("note: *"),
        TRAILER("help: *"),
        TRAILER("hint: *"),
        TRAILER("= note: *"),
        TRAILER("= help: *"),
        TRAILER("--> *"),
        TRAILER("Some errors have detailed explanations: *"),
        TRAILER("For more information about *error*"),
        RESULT("error: could not compile *"),
        RESULT("error: aborting due to *"),
        HEADING("Caused by:"),
        FIRST_ERROR("error\\[E[0-9]*\\]: *"),

        /* Java, Spring Boot, Maven */
        NOTICE("* INFO [0-9]* --- *"),
        NOTICE("* WARN [0-9]* --- *"),
        { "Description:", FAILURE_LIKELY, .heading = true },
        TRAILER("... [0-9]* more"),
        NOTICE("Picked up *_OPTIONS: *"),
        ERROR("Caused by: *"),
        ERROR("Exception in thread *"),
        TRAILER("\\[ERROR\\] To see the full stack trace *"),
        TRAILER("\\[ERROR\\] Re-run Maven *"),
        TRAILER("\\[ERROR\\] For more information *"),
        TRAILER("\\[ERROR\\] \\[Help *"),
        LIKELY("\\[ERROR\\] Failed to execute goal *"),

        /* Go */
        TRAILER("goroutine [0-9]* \\[*\\]:"),
        TRAILER("created by *"),
        TRAILER("*.go:[0-9]* +0x*"),
        TRAILER("\\[signal SIG*"),
        RESULT("exit status [0-9]*"),
        RESULT("go: errors parsing *"),
        ERROR("panic: *"),
        ERROR("fatal error: *"),
        FIRST_ERROR("*.go:[0-9]*:[0-9]*: *"),
        FIRST_ERROR("*go.mod:[0-9]*: *"),

        /* Ruby, Bundler */
        TRAILER("from *:[0-9]*:in *"),
        TRAILER("Install missing gem executables *"),
        TRAILER("Run `bundle install` *"),
        ERROR("Could not find * in any of the sources"),
        ERROR("Could not find * in locally installed gems*"),
        ERROR("*:[0-9]*:in [`']*': *"),
        ERROR("*: syntax error, *"),

        /* PHP */
        TRAILER("#[0-9]* *"),
        TRAILER("Stack trace:"),
        TRAILER("thrown in * on line [0-9]*"),
        NOTICE("PHP Notice: *"),
        NOTICE("PHP Deprecated: *"),
        NOTICE("Notice: *"),
        NOTICE("Deprecated: *"),
        ERROR("*Fatal error: *"),
        ERROR("*Parse error: *"),

        /* Perl */
        TRAILER("BEGIN failed--compilation aborted *"),
        TRAILER("Compilation failed in require *"),
        RESULT("Execution of * aborted due to compilation errors."),
        ERROR("Can't locate * in @INC *"),

        /* Lua, Elixir */
        TRAILER("stack traceback:"),
        TRAILER("\\[C\\]: in *"),
        TRAILER("*.lua:[0-9]*: in *"),
        ERROR("\\*\\* (*) *"),

        /* make */
        TRAILER("make*: * directory *"),
        RESULT("make*: \\*\\*\\* *\\[*\\] *"),
        ERROR("make*: \\*\\*\\* *"),

        /* C and C++: gcc, clang, ld, their libraries */
        TRAILER("compilation terminated."),
        TRAILER("cc1*: * warnings being treated as errors"),
        TRAILER("[0-9]* | *"),
        TRAILER("* note: *"),
        TRAILER("*: In function *:"),
        RESULT("collect2: error: *"),
        FIRST_ERROR("*: fatal error: *"),
        FIRST_ERROR("*undefined reference to *"),
        ERROR("*: Assertion *failed*"),
        ERROR("*what():  *"),
        ERROR("*error while loading shared libraries: *"),

        /* TypeScript, esbuild, webpack, Vite; javac */
        TRAILER("Found [0-9]* error*"),
        TRAILER("[0-9]* error"),
        TRAILER("[0-9]* errors"),
        RESULT("Failed to compile."),
        FIRST_ERROR("*error TS[0-9]*: *"),
        FIRST_ERROR("ERROR in *"),
        HEADING("error during build:"),

        /* nginx */
        FIRST_ERROR("*\\[emerg\\] *"),
        LIKELY("*\\[alert\\] *"),
        LIKELY("*\\[crit\\] *"),
        LIKELY("*\\[error\\] *"),
        NOTICE("*\\[warn\\] *"),
        NOTICE("*\\[notice\\] *"),

        /* Apache */
        NOTICE("*:notice\\] *"),
        NOTICE("*:warn\\] *"),
        NOTICE("AH00558: *"),
        RESULT("AH00014: *"),
        RESULT("AH00015: *"),
        RESULT("no listening sockets available*"),
        HEADING("AH00526: *:"),
        ERROR("*AH[0-9][0-9][0-9][0-9][0-9]: *"),

        /* shells */
        ERROR("*: not found"),
        ERROR("*EROFS: *"),
        ERROR("*: Read-only file system*"),
        ERROR("*: command not found*"),
        LIKELY("*: Permission denied"),
        LIKELY("*: No such file or directory"),
        LIKELY("Segmentation fault*"),
        RESULT("Aborted*"),
        RESULT("Killed"),
        RESULT("Terminated"),

        /* many: warnings first, for they may quote an error */
        NOTICE("*[Ww]arning: *"),
        NOTICE("WARNING: *"),
        NOTICE("WARN *"),
        FIRST_ERROR("error: *"),
        FIRST_ERROR("*: error: *"),
        ERROR("*\\[ERROR\\] *"),
        ERROR("*:error\\] *"),
        ERROR("fatal: *"),
        ERROR("*FATAL: *"),
        ERROR("ERROR:*"),
        ERROR("*Error: *"),
        ERROR("*Exception: *"),
        LIKELY("[A-Z]*Error"),
        LIKELY("[A-Z]*Exception"),
        { "error *", FAILURE_LIKELY, .first = true },
        LIKELY("* ERROR *"),
        LIKELY("*level=error *"),
        LIKELY("*level=fatal *"),
        LIKELY("*\"level\":\"error\"*"),
        LIKELY("*\"level\":\"fatal\"*"),
        LIKELY("*\"level\":[56]0,*"),
        LIKELY("* at * line [0-9]*."), /* Perl's die */
};

static const FailureRule mark = TRAILER("no letter"), other = { "no rule", FAILURE_TEXT };

static bool has_letter(const char *text)
{
        for (; *text; text++)
                if (isalpha((unsigned char) *text) || (unsigned char) *text >= 0x80)
                        return true;
        return false;
}

static const FailureRule *failure_rule_match(const char *text)
{
        for (size_t i = 0; i < ELEMENTSOF(rules); i++)
                if (fnmatch(rules[i].pattern, text, 0) == 0)
                        return &rules[i];
        return has_letter(text) ? &other : &mark;
}

const FailureRule *failure_rule_find(const char *text)
{
        const FailureRule *rule, *inner;

        assert(text);

        rule = failure_rule_match(text);
        if (rule->prefix == 0)
                return rule;
        inner = failure_rule_match(text + rule->prefix + strspn(text + rule->prefix, " "));
        return inner == &other || inner == &mark ? rule : inner;
}
