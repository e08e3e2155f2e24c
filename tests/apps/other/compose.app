convention: `docker-compose.yml`, `compose.yaml`
source: https://docs.docker.com/compose/intro/compose-application-model/#the-compose-file
heroku: no
dokku: no
deployd: refused
fails: import: nothing says what is to run: there is no Procfile, and no buildpack knows a program to start in a tree with docker-compose.yml, compose.yml (deployd builds no images; COMMAND may be that of its CMD); commit a Procfile with the line 'web: COMMAND'
-- docker-compose.yml
services: {}
-- compose.yml
services: {}
