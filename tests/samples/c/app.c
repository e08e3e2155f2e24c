/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Answers / with what it is and of which version, /env with the settings it was started with. One request
 * after the other: it is a sample of an app that comes as a program, not of a server. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *const names[] = {
        "PORT", "HOST", "HOME", "DYNO", "GIT_REV", "DEPLOYD_APP", "DEPLOYD_DEPLOYMENT", "GREETING",
};

static const char *setting(const char *name)
{
        const char *value = getenv(name);

        return value ? value : "";
}

static void answer(FILE *client, const char *version)
{
        char line[1024], path[512] = "";

        if (!fgets(line, sizeof(line), client) || sscanf(line, "GET %511s", path) != 1)
                return;
        while (fgets(line, sizeof(line), client) && strcmp(line, "\r\n") != 0)
                ;

        printf("GET %s\n", path);
        fprintf(client, "HTTP/1.0 %s\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n",
                strcmp(path, "/") == 0 || strcmp(path, "/env") == 0 ? "200 OK" : "404 Not Found");
        if (strcmp(path, "/") == 0)
                fprintf(client, "c %s\n", version);
        else if (strcmp(path, "/env") == 0)
                for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                        fprintf(client, "%s=%s\n", names[i], setting(names[i]));
        else
                fprintf(client, "there is / and /env\n");
}

int main(void)
{
        struct sockaddr_in address = {
                .sin_family = AF_INET,
                .sin_port = htons((unsigned short) atoi(setting("PORT"))),
        };
        char version[128] = "";
        FILE *file = fopen("VERSION", "re");
        int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (!file || !fgets(version, sizeof(version), file)) {
                perror("VERSION");
                return 1;
        }
        fclose(file);
        version[strcspn(version, "\n")] = 0;

        signal(SIGPIPE, SIG_IGN);
        setvbuf(stdout, NULL, _IOLBF, 0);
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
        if (inet_pton(AF_INET, setting("HOST"), &address.sin_addr) != 1 ||
            bind(listener, (struct sockaddr *) &address, sizeof(address)) < 0 || listen(listener, 64) < 0) {
                perror("listen");
                return 1;
        }
        printf("c %s on http://%s:%s\n", version, setting("HOST"), setting("PORT"));

        for (;;) {
                int fd = accept(listener, NULL, NULL);
                FILE *client = fd < 0 ? NULL : fdopen(fd, "r+");

                if (client) {
                        answer(client, version);
                        fclose(client);
                }
        }
}
