convention: a Makefile beside C: `make`
source: https://www.gnu.org/software/make/manual/html_node/Running.html
heroku: by buildpacks of others
dokku: by buildpacks of others
deployd: yes
deployed: yes
buildpack: c
process web: exec ./app
fails: web.1 exited with status 0 before it listened on port …: it runs: without a port
-- Procfile
web: exec ./app
-- Makefile
app: app.c
	cc -Wall -o $@ $<
-- app.c
#include <stdio.h>
int main(void) { return puts("it runs: without a port") < 0; }
