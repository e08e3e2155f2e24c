convention: a Makefile whose first target is a task, such as `run`, is not for a build
source: plain habit
buildpack: none
process web: true
-- Procfile
web: true
-- Makefile
run:
	false
-- ext/x.c
int x;
