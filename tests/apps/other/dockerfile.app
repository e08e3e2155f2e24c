convention: `Dockerfile` alone
source: https://dokku.com/docs/deployment/builders/dockerfiles/
heroku: with `heroku.yml` only
dokku: yes
deployd: refused: write its CMD into a Procfile
deployed: yes
fails: import: nothing says what is to run: there is no Procfile, and no buildpack knows a program to start in a tree with Dockerfile (deployd builds no images; COMMAND may be that of its CMD); commit a Procfile with the line 'web: COMMAND'
-- Dockerfile
FROM debian
CMD ["sleep", "infinity"]
