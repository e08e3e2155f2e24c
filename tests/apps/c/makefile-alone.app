convention: a Makefile of another language is not for a build
source: plain habit
fails: import: nothing says what is to run: there is no Procfile, and no buildpack knows a program to start in a tree with Makefile; commit a Procfile with the line 'web: COMMAND'
-- Makefile
all:
	false
-- app.py
